import Synchronization
public import Tracing

/// Decides which requests are traced: those whose callers have it so, and of those that bring no trace along a part.
public final class Sampler: Sendable {
    /// Of 2³²; read at each request, so that it costs no lock.
    private let threshold: Atomic<UInt64>

    /// - Parameter rate: the part of the requests without a trace that is traced, from 0 to 1.
    public init(rate: Double = 0) { threshold = Atomic(Self.threshold(rate)) }

    public func set(rate: Double) { threshold.store(Self.threshold(rate), ordering: .relaxed) }

    private static func threshold(_ rate: Double) -> UInt64 { UInt64(max(0, min(1, rate)) * 0x1_0000_0000) }

    /// Where the span of a request begins; nil: it is not traced.
    /// - Parameters: what the request brings along.
    public func context(
        traceparent: String?, tracestate: @autoclosure () -> String? = nil
    ) -> InstrumentationContext? {
        if let traceparent, let trace = TraceContext(traceparent: traceparent, tracestate: tracestate()) {
            return trace.isSampled ? InstrumentationContext(trace) : nil
        }
        let threshold = threshold.load(ordering: .relaxed)
        guard threshold > 0, UInt64.random(in: 0..<0x1_0000_0000) < threshold else { return nil }
        return InstrumentationContext(.root())
    }
}
