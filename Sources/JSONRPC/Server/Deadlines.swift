import Synchronization

/// What one connection waits for, and for how long already.
final class Deadlines: Sendable {
    enum Overdue: Equatable {
        /// The client does not read.
        case writing
        /// The client does not end a message that it began.
        case receiving
        case idle
    }

    private struct State {
        var writingSince: ContinuousClock.Instant?
        var receivingSince: ContinuousClock.Instant?
        /// When something was last read or answered.
        var lastUse = ContinuousClock.now
        var busy = 0
        /// Told once.
        var isOver = false
    }

    private let limits: JSONRPCLimits
    private let state = Mutex(State())

    init(_ limits: JSONRPCLimits) { self.limits = limits }

    /// Whether something was found overdue.
    var areOver: Bool { state.withLock(\.isOver) }

    /// How often to look, so that a limit is kept to within an eighth of it.
    var period: Duration {
        let shortest = min(limits.receiving, limits.writing, limits.idle ?? .seconds(3600))
        return max(.milliseconds(10), min(.seconds(1), shortest / 8))
    }

    func beginWriting() { state.withLock { $0.writingSince = .now } }

    func endWriting() {
        state.withLock { state in
            state.writingSince = nil
            state.lastUse = .now
        }
    }

    /// - Parameter isWithinMessage: whether what was read ends within a message.
    func hasRead(isWithinMessage: Bool) {
        state.withLock { state in
            state.lastUse = .now
            state.receivingSince = isWithinMessage ? state.receivingSince ?? .now : nil
        }
    }

    /// A call or a feed begins: the connection is not idle until it ends.
    func beginWork() { state.withLock { $0.busy += 1 } }

    func endWork() {
        state.withLock { state in
            state.busy -= 1
            state.lastUse = .now
        }
    }

    /// - Returns: what lasts too long, once.
    func overdue(at now: ContinuousClock.Instant) -> Overdue? {
        state.withLock { state in
            guard !state.isOver else { return nil }
            let found = overdue(state, at: now)
            state.isOver = found != nil
            return found
        }
    }

    private func overdue(_ state: borrowing State, at now: ContinuousClock.Instant) -> Overdue? {
        if let since = state.writingSince { return now - since > limits.writing ? .writing : nil }
        if let since = state.receivingSince, now - since > limits.receiving { return .receiving }
        if let idle = limits.idle, state.busy == 0, now - state.lastUse > idle { return .idle }
        return nil
    }
}
