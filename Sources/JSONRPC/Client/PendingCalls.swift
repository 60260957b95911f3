import JSON
import Synchronization

/// The calls of one client that wait for their answers. Each is resumed exactly once: by whoever removes it.
final class PendingCalls: Sendable {
    typealias Continuation = CheckedContinuation<JSONValue, any Error>

    private struct State {
        var lastID: Int64 = 0
        var waiting: [Int64: (continuation: Continuation, deadline: ContinuousClock.Instant)] = [:]
        /// Why no answer can come any more.
        var end: (any Error)?
    }

    private let state = Mutex(State())

    func nextID() -> Int64 {
        state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
    }

    func add(_ id: Int64, _ continuation: Continuation, deadline: ContinuousClock.Instant) {
        let end = state.withLock { state in
            if state.end == nil { state.waiting[id] = (continuation, deadline) }
            return state.end
        }
        if let end { continuation.resume(throwing: end) }
    }

    func succeed(_ id: Int64, _ result: JSONValue) { take(id)?.resume(returning: result) }

    /// Does nothing where the call has ended already.
    func fail(_ id: Int64, _ error: any Error) { take(id)?.resume(throwing: error) }

    /// Fails what waits now and, with `end`, everything that will be added.
    func failAll(_ error: any Error, end: Bool) {
        let failed = state.withLock { state in
            if end, state.end == nil { state.end = error }
            defer { state.waiting = [:] }
            return state.waiting.values.map(\.continuation)
        }
        for continuation in failed { continuation.resume(throwing: error) }
    }

    func failOverdue(at now: ContinuousClock.Instant) {
        let overdue = state.withLock { state in
            state.waiting.filter { $0.value.deadline <= now }.map(\.key)
        }
        let error = JSONRPCTransportError(.timeout, "No answer came in time. The call may still be done.")
        for id in overdue { fail(id, error) }
    }

    private func take(_ id: Int64) -> Continuation? {
        state.withLock { $0.waiting.removeValue(forKey: id)?.continuation }
    }
}
