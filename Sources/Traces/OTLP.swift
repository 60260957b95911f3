import JSON
import Tracing

/// Spans as OpenTelemetry collectors take them: an `ExportTraceServiceRequest` of OTLP/HTTP in its JSON encoding
/// (https://opentelemetry.io/docs/specs/otlp/). Ids are in hexadecimal there, and 64-bit integers in strings.
public struct OTLP: Sendable {
    /// Behind what somebody has set as the collector's address.
    public static let path = "/v1/traces"

    private let resource: [(name: String, value: String)]
    private let version: String

    /// - Parameter resource: what sends them, by the semantic conventions: `service.name` and so on.
    public init(resource: [(name: String, value: String)], version: String) {
        (self.resource, self.version) = (resource, version)
    }

    public func request(_ spans: [RecordedSpan]) -> [UInt8] {
        var writer = JSONWriter(reserving: 600 * spans.count + 400)
        writer.object { writer in
            writer.array("resourceSpans", CollectionOfOne(spans)) { writer, spans in
                writer.key("resource")
                writer.object { writer in
                    writer.array("attributes", resource) { $0.attribute($1.name, .string($1.value)) }
                }
                writer.array("scopeSpans", CollectionOfOne(spans)) { writer, spans in
                    writer.key("scope")
                    writer.object { writer in
                        writer.member("name", "ordershop")
                        writer.member("version", version)
                    }
                    writer.array("spans", spans) { $0.members(of: $1) }
                }
            }
        }
        return writer.bytes
    }

    /// How many of the spans the collector did not take after all, by its own word.
    public static func rejected(in answer: [UInt8]) -> Int {
        let rejected = (try? JSONValue(parsing: answer))?["partialSuccess"]?["rejectedSpans"]
        return Int(rejected?.string.flatMap { Int64($0) } ?? rejected?.number?.int64 ?? 0)
    }
}

extension JSONWriter {
    /// A member that is an array of objects.
    fileprivate mutating func array<Element>(
        _ key: String, _ elements: some Collection<Element>, _ members: (inout JSONWriter, Element) -> Void
    ) {
        self.key(key)
        array { writer in
            for element in elements { writer.object { members(&$0, element) } }
        }
    }

    fileprivate mutating func members(of span: RecordedSpan) {
        identity(of: span.context)
        if let parent = span.parent { member("parentSpanId", "\(parent)") }
        if let state = span.context.state { member("traceState", state) }
        member("name", span.name)
        member("kind", span.kind.number)
        member("startTimeUnixNano", "\(span.start)")
        member("endTimeUnixNano", "\(span.end)")
        attributes(span.attributes)
        array("events", span.events) { writer, event in
            writer.member("timeUnixNano", "\(event.nanosecondsSinceEpoch)")
            writer.member("name", event.name)
            writer.attributes(event.attributes)
        }
        array("links", span.links.filter { $0.context.trace != nil }) { writer, link in
            if let context = link.context.trace { writer.identity(of: context) }
            writer.attributes(link.attributes)
        }
        guard let status = span.status else { return }
        key("status")
        object { writer in
            writer.member("code", status.code == .ok ? 1 : 2)
            if let message = status.message { writer.member("message", message) }
        }
    }

    private mutating func identity(of context: TraceContext) {
        member("traceId", "\(context.trace)")
        member("spanId", "\(context.span)")
    }

    private mutating func attributes(_ attributes: SpanAttributes) {
        var all: [(String, SpanAttribute)] = []
        attributes.forEach { all.append(($0, $1)) }
        array("attributes", all.sorted { $0.0 < $1.0 }) { $0.attribute($1.0, $1.1) }
    }

    fileprivate mutating func attribute(_ name: String, _ value: SpanAttribute) {
        member("key", name)
        key("value")
        object { $0.anyValue(value) }
    }

    private mutating func anyValue(_ value: SpanAttribute) {
        switch value {
        case .int32(let number): member("intValue", "\(number)")
        case .int64(let number): member("intValue", "\(number)")
        case .double(let number):
            // JSON has no infinities.
            guard number.isFinite else { return member("stringValue", "\(number)") }
            key("doubleValue")
            raw("\(number)".utf8)
        case .bool(let value):
            key("boolValue")
            write(.bool(value))
        case .string(let text): member("stringValue", text)
        case .stringConvertible(let value): member("stringValue", "\(value)")
        case .stringArray(let texts): arrayValue(texts.map { .string($0) })
        case .int64Array(let numbers): arrayValue(numbers.map { .int64($0) })
        case .int32Array(let numbers): arrayValue(numbers.map { .int32($0) })
        case .doubleArray(let numbers): arrayValue(numbers.map { .double($0) })
        case .boolArray(let values): arrayValue(values.map { .bool($0) })
        case .stringConvertibleArray(let values): arrayValue(values.map { .string("\($0)") })
        default: member("stringValue", "\(value)")
        }
    }

    private mutating func arrayValue(_ values: [SpanAttribute]) {
        key("arrayValue")
        object { $0.array("values", values) { $0.anyValue($1) } }
    }
}

extension SpanKind {
    /// As `Span.SpanKind` of OTLP has it.
    fileprivate var number: Int64 {
        switch self {
        case .internal: 1
        case .server: 2
        case .client: 3
        case .producer: 4
        case .consumer: 5
        }
    }
}
