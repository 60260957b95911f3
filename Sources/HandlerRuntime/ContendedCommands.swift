import EventStore
import Synchronization

/// Commands that want to change the same entities at the same moment: they are decided one after the other, and what is
/// decided for them is appended in one step.
///
/// It is only a courtesy: the store's revisions keep decisions right without it. It saves those that compete for one
/// entity in this daemon from deciding in vain again and again, and each from waiting for the steps of all before it.
final class ContendedCommands: Sendable {
    enum Verdict: Sendable {
        case done(Result<Reply, Refusal>)
        /// Something has to be looked up anew, outside of the queue.
        case again
    }

    struct Waiting: Sendable {
        let request: CommandRequest
        /// What it wants to change, as far as that is known.
        let entities: Set<EntityKey>
        fileprivate let continuation: CheckedContinuation<Verdict, Never>

        func resume(_ verdict: Verdict) { continuation.resume(returning: verdict) }
    }

    /// Decides commands, the first of them at least, and resumes them.
    /// - Returns: how many, from the first on.
    typealias Work = @Sendable (ArraySlice<Waiting>) async -> Int

    private struct State {
        var waiting: ArraySlice<Waiting> = []
        /// How many of the commands here want each entity.
        var wanted: [EntityKey: Int] = [:]
        var isWorking = false
    }

    /// One step blocks Redis while it lasts, and takes all of its commands along if it has to be decided again.
    private static let mostAtOnce = 64

    private let state = Mutex(State())

    /// Those that somebody here wants to change.
    func wanted(of entities: some Sequence<EntityKey>) -> Set<EntityKey> {
        state.withLock { state in
            state.wanted.isEmpty ? [] : Set(entities.filter { state.wanted[$0] != nil })
        }
    }

    /// Queues a command up, and waits until it is decided. Others may be decided with it, and its caller's end is not
    /// theirs: so the work is nobody's task.
    func join(
        _ request: CommandRequest, wanting entities: Set<EntityKey>, _ work: @escaping Work
    ) async -> Verdict {
        await withCheckedContinuation { continuation in
            let begins = state.withLock { state in
                state.waiting.append(Waiting(request: request, entities: entities, continuation: continuation))
                for entity in entities { state.wanted[entity, default: 0] += 1 }
                defer { state.isWorking = true }
                return !state.isWorking
            }
            if begins { Task.detached { await self.drain(work) } }
        }
    }

    private func drain(_ work: Work) async {
        while let some = next() { leave(some.prefix(await work(some))) }
    }

    private func next() -> ArraySlice<Waiting>? {
        state.withLock { state in
            if state.waiting.isEmpty {
                state.isWorking = false
                return nil
            }
            return state.waiting.prefix(Self.mostAtOnce)
        }
    }

    private func leave(_ done: ArraySlice<Waiting>) {
        state.withLock { state in
            state.waiting.removeFirst(done.count)
            for entity in done.lazy.flatMap(\.entities) {
                let others = state.wanted[entity, default: 1] - 1
                state.wanted[entity] = others > 0 ? others : nil
            }
        }
    }
}
