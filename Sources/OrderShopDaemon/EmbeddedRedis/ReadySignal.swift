import Synchronization

/// A gate that opens, closes and can break; any number of tasks wait for it to be open.
final class ReadySignal: Sendable {
    private enum Gate {
        case closed, open
        case broken(any Error)
    }

    private struct State {
        var gate = Gate.closed
        var waiters: [Int: CheckedContinuation<Void, any Error>] = [:]
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    var isOpen: Bool {
        state.withLock { if case .open = $0.gate { true } else { false } }
    }

    func open() { change(to: .open, waking: .success(())) }

    /// For now: a waiter waits on.
    func close() { state.withLock { $0.gate = .closed } }

    /// For good: every waiter gets the error, now and later.
    func fail(_ error: any Error) { change(to: .broken(error), waking: .failure(error)) }

    /// - Throws: what the gate was broken with, or `CancellationError`.
    func wait() async throws {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { enter($0, as: number) }
        } onCancel: {
            let waiter = state.withLock { $0.waiters.removeValue(forKey: number) }
            waiter?.resume(throwing: CancellationError())
        }
    }

    private func enter(_ waiter: CheckedContinuation<Void, any Error>, as number: Int) {
        let answer: Result<Void, any Error>? = state.withLock { state in
            switch state.gate {
            case .open: return .success(())
            case .broken(let error): return .failure(error)
            case .closed:
                // The cancellation may have come before us and found no one to wake.
                if Task.isCancelled { return .failure(CancellationError()) }
                state.waiters[number] = waiter
                return nil
            }
        }
        if let answer { waiter.resume(with: answer) }
    }

    private func change(to gate: Gate, waking answer: Result<Void, any Error>) {
        let waiters = state.withLock { state in
            state.gate = gate
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume(with: answer) }
    }
}
