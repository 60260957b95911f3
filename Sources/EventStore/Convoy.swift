import Synchronization

/// Lets those who want something of Redis at the same moment go in one call, as a call costs more than one of them in it.
///
/// While calls are under way those who come wait; whoever's call returns hands the lead to the first of them, who takes
/// the others along. Nobody waits for company: with nothing under way one goes at once.
final class Convoy<Load: Sendable, Answer: Sendable>: Sendable {
    enum Turn: Sendable {
        /// Make a call, for those as well who come along, and hand over behind it.
        case lead
        /// Somebody else's call has brought the answer.
        case done(Answer)
    }

    struct Follower: Sendable {
        let load: Load
        fileprivate let continuation: CheckedContinuation<Turn, Never>

        func resume(with answer: Answer) { continuation.resume(returning: .done(answer)) }
    }

    private struct State {
        var leaders = 0
        var waiting: ArraySlice<Follower> = []

        mutating func takeLead() -> Bool {
            guard leaders < maxLeaders else { return false }
            leaders += 1
            return true
        }
    }

    /// One call is on its way while Redis works at another.
    private static var maxLeaders: Int { 2 }

    private let capacity: Int
    private let size: @Sendable (Load) -> Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - capacity: bounds the time for which one call holds Redis up: a call ends with the load that reaches it.
    ///   - size: how much of the capacity a load takes.
    init(capacity: Int, size: @escaping @Sendable (Load) -> Int) {
        self.capacity = capacity
        self.size = size
    }

    func turn(with load: Load) async -> Turn {
        if state.withLock({ $0.takeLead() }) { return .lead }
        return await withCheckedContinuation { continuation in
            let leads = state.withLock { state in
                if state.takeLead() { return true }
                state.waiting.append(Follower(load: load, continuation: continuation))
                return false
            }
            if leads { continuation.resume(returning: .lead) }
        }
    }

    /// Those who go with whoever leads.
    func followers(of load: Load) async -> [Follower] {
        // Those who are about to ask come along.
        await Task.yield()
        return state.withLock { state in
            var taken = size(load)
            var followers: [Follower] = []
            while taken < capacity, let next = state.waiting.popFirst() {
                taken += size(next.load)
                followers.append(next)
            }
            return followers
        }
    }

    func handOver() {
        let next = state.withLock { state -> Follower? in
            let next = state.waiting.popFirst()
            if next == nil { state.leaders -= 1 }
            return next
        }
        next?.continuation.resume(returning: .lead)
    }
}
