public import Tracing

/// What is kept of a span that has ended.
public struct RecordedSpan: Sendable {
    public internal(set) var name: String
    public let context: TraceContext
    /// The span that it is a part of, here or in another program; nil: the trace begins with it.
    public let parent: SpanID?
    public let kind: SpanKind
    /// In nanoseconds since 1970.
    public let start: UInt64
    public internal(set) var end: UInt64
    public internal(set) var attributes = SpanAttributes()
    public internal(set) var events: [SpanEvent] = []
    public internal(set) var links: [SpanLink] = []
    public internal(set) var status: SpanStatus?

    init(name: String, context: TraceContext, parent: SpanID?, kind: SpanKind, start: UInt64) {
        (self.name, self.context, self.parent, self.kind) = (name, context, parent, kind)
        (self.start, end) = (start, start)
    }

    /// The text of an attribute; nil where there is none.
    public subscript(_ attribute: String) -> String? {
        guard case .string(let text) = attributes.get(attribute) else { return nil }
        return text
    }

    /// Why it did not succeed; nil: it did.
    public var failure: String? { status?.code == .error ? status?.message ?? "failed" : nil }
}
