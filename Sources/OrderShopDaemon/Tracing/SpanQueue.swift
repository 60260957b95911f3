import Synchronization
import Traces

/// Spans that wait for the collector, and no more of them than there is room for.
final class SpanQueue: Sendable {
    /// As OpenTelemetry's batch processors have it.
    static let room = 2_048
    static let batch = 512

    private struct State {
        var waiting: [RecordedSpan] = []
        var dropped = 0
    }

    private let state = Mutex(State())

    /// Takes no time: a span that finds no room is dropped, and counted.
    func add(_ span: RecordedSpan) {
        state.withLock { state in
            guard state.waiting.count < Self.room else { return state.dropped += 1 }
            state.waiting.append(span)
        }
    }

    /// The next batch, and how many were dropped since.
    func take() -> (spans: [RecordedSpan], dropped: Int) {
        state.withLock { state in
            defer { state.dropped = 0 }
            let spans = Array(state.waiting.prefix(Self.batch))
            state.waiting.removeFirst(spans.count)
            return (spans, state.dropped)
        }
    }
}
