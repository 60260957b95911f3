import CoreMetrics
import Traces
import Tracing

/// The traces of this process: which requests have one, and what is kept of them.
struct TraceRecording: Sendable {
    /// One for the process, as swift-distributed-tracing has it.
    private static let recorder: SpanRecorder = {
        let recorder = SpanRecorder(keep: 0)
        InstrumentationSystem.bootstrap(recorder)
        return recorder
    }()

    let recorder = Self.recorder
    let sampler = Sampler()
    /// Spans that a collector took, and those that it did not get.
    let exported = Counter(label: "ordershop_trace_spans", dimensions: [("outcome", "exported")])
    let dropped = Counter(label: "ordershop_trace_spans", dimensions: [("outcome", "dropped")])

    init(_ settings: Settings.Tracing) { apply(settings) }

    /// Holds from the next request on.
    func apply(_ settings: Settings.Tracing) {
        sampler.set(rate: settings.sample)
        recorder.keep(settings.keep)
    }
}
