import Synchronization

/// How many messages of one connection may be worked on, and how many are.
final class Slots: Sendable {
    private struct State {
        var free: Int
        var waiter: CheckedContinuation<Void, Never>?
        /// The client has gone: what it had sent is worked on to its end without waiting.
        var isUnlimited = false
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(free: count)) }

    /// Waits until one more message may be worked on. For one caller at a time.
    /// - Returns: false when cancelled.
    func take() async -> Bool {
        if !takeFree() { await withCheckedContinuation { wait($0) } }
        return !Task.isCancelled
    }

    func free() { release { $0.free += 1 } }

    func removeLimit() { release { $0.isUnlimited = true } }

    private func takeFree() -> Bool {
        state.withLock { state in
            guard state.free > 0 || state.isUnlimited else { return false }
            state.free -= 1
            return true
        }
    }

    private func wait(_ waiter: CheckedContinuation<Void, Never>) {
        state.withLock { $0.waiter = waiter }
        // One may have come free in between.
        release { _ in }
    }

    private func release(_ change: (inout State) -> Void) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            change(&state)
            guard state.waiter != nil, state.free > 0 || state.isUnlimited else { return nil }
            state.free -= 1
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}
