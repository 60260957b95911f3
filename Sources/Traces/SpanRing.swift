import Synchronization

/// The spans that ended last, in memory that does not grow.
final class SpanRing: Sendable {
    private struct State {
        var spans: [RecordedSpan] = []
        /// Where the next one goes, once it is full.
        var next = 0
        var capacity: Int
    }

    private let state: Mutex<State>

    init(capacity: Int) { state = Mutex(State(capacity: capacity)) }

    func add(_ span: RecordedSpan) {
        state.withLock { state in
            guard state.capacity > 0 else { return }
            if state.spans.count < state.capacity { return state.spans.append(span) }
            state.spans[state.next] = span
            state.next = (state.next + 1) % state.capacity
        }
    }

    /// Forgets the oldest ones that have no room any more.
    func resize(to capacity: Int) {
        state.withLock { state in
            guard capacity != state.capacity else { return }
            let inOrder = state.spans[state.next...] + state.spans[..<state.next]
            state = State(spans: Array(inOrder.suffix(capacity)), capacity: capacity)
        }
    }

    func spans(where matches: (RecordedSpan) -> Bool) -> [RecordedSpan] {
        state.withLock { $0.spans.filter(matches) }
    }
}
