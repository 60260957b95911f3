public import Tracing

/// Where a span stands: what W3C Trace Context (https://www.w3.org/TR/trace-context/) hands on from one program to the
/// next as `traceparent` and `tracestate`.
public struct TraceContext: Sendable, Hashable {
    public let trace: TraceID
    /// The span that what follows is a part of.
    public let span: SpanID
    /// Whether whoever began the trace has it recorded.
    public let isSampled: Bool
    /// What other tracing systems have to say, handed on as it came; nil: nothing.
    public let state: String?
    /// Whether no span stands here yet: the next one begins the trace.
    private(set) var isRoot = false

    public init(trace: TraceID, span: SpanID, isSampled: Bool, state: String? = nil) {
        (self.trace, self.span, self.isSampled, self.state) = (trace, span, isSampled, state)
    }

    /// The beginning of a trace of our own.
    static func root() -> TraceContext {
        var root = TraceContext(trace: .random(), span: .random(), isSampled: true)
        root.isRoot = true
        return root
    }

    /// Reads the two header fields. As the standard has it, a `traceparent` that is malformed counts as none, a
    /// `tracestate` without it, too, and of versions to come what is known is read.
    public init?(traceparent: String, tracestate: String? = nil) {
        let bytes = Array(traceparent.utf8)
        guard bytes.count >= Self.length, [2, 35, 52].allSatisfy({ bytes[$0] == UInt8(ascii: "-") }),
            let version = UInt64(hexDigits: bytes[0..<2]), version != 0xff,
            let trace = TraceID(digits: bytes[3..<35]), let span = SpanID(digits: bytes[36..<52]),
            let flags = UInt64(hexDigits: bytes[53..<55])
        else { return nil }
        let isWhole = bytes.count == Self.length || version > 0 && bytes[Self.length] == UInt8(ascii: "-")
        guard isWhole else { return nil }
        self.init(
            trace: trace, span: span, isSampled: flags & 1 == 1, state: tracestate.flatMap(Self.state))
    }

    /// `00-<trace>-<span>-<flags>`.
    private static let length = 55

    /// What goes out in the header field of the same name.
    public var traceparent: String { "00-\(trace)-\(span)-\(isSampled ? "01" : "00")" }

    /// As long as the standard asks for it to be handed on, and nothing that could break a header.
    private static func state(_ text: String) -> String? {
        let isSound = (1...512).contains(text.utf8.count) && text.utf8.allSatisfy { (0x20...0x7e).contains($0) }
        return isSound ? text : nil
    }

    /// Both as they are handed on: names and values.
    public var fields: [(name: String, value: String)] {
        [("traceparent", traceparent)] + (state.map { [("tracestate", $0)] } ?? [])
    }
}

extension InstrumentationContext {
    private enum Key: InstrumentationContextKey {
        typealias Value = TraceContext
        static var nameOverride: String? { "trace-context" }
    }

    /// Where the span stands that what is done now is a part of; nil: in no trace.
    public var trace: TraceContext? {
        get { self[Key.self] }
        set { self[Key.self] = newValue }
    }

    /// What comes from outside, with what is known of its trace.
    public init(_ trace: TraceContext) {
        self = .topLevel
        self.trace = trace
    }
}
