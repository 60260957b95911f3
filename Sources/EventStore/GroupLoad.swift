import Redis
import Synchronization

/// Asks in one call for what loads that wait at the same moment want, as a call costs more than an entity in it.
///
/// A load joins only a call that has not been sent yet: so it sees all that was written before it began. Nobody waits
/// for company: with nothing under way a load goes at once.
final class GroupLoad: Sendable {
    /// Asks for entities: one reply for each.
    typealias Send = @Sendable ([EntityReference]) async throws(StoreError) -> [RedisValue]

    private enum Turn: Sendable {
        case lead
        case alone
        case done(Result<[RedisValue], StoreError>)
    }

    private struct Waiting {
        let references: [EntityReference]
        let continuation: CheckedContinuation<Turn, Never>
    }

    private struct State {
        var leaders = 0
        var waiting: ArraySlice<Waiting> = []
    }

    /// One call is on its way while Redis works at another.
    private static let maxLeaders = 2
    /// Bounds the time for which one call holds Redis up: a call ends with the load that goes over it.
    private static let maxReferences = 64

    private let state = Mutex(State())

    func run(_ references: [EntityReference], _ send: Send) async throws(StoreError) -> [RedisValue] {
        switch await turn(references) {
        case .done(let result): try result.get()
        case .alone: try await send(references)
        case .lead: try await lead(references, send)
        }
    }

    private func turn(_ references: [EntityReference]) async -> Turn {
        if state.withLock({ Self.takeLead(&$0) }) { return .lead }
        return await withCheckedContinuation { continuation in
            let leads = state.withLock { state in
                if Self.takeLead(&state) { return true }
                state.waiting.append(Waiting(references: references, continuation: continuation))
                return false
            }
            if leads { continuation.resume(returning: .lead) }
        }
    }

    private static func takeLead(_ state: inout State) -> Bool {
        guard state.leaders < maxLeaders else { return false }
        state.leaders += 1
        return true
    }

    private func lead(_ references: [EntityReference], _ send: Send) async throws(StoreError) -> [RedisValue] {
        // Those who are about to ask come along.
        await Task.yield()
        let others = company(of: references)
        defer { handOver() }
        do throws(StoreError) {
            var replies = try await send(references + others.flatMap(\.references))[...]
            let own = replies.prefix(references.count)
            replies = replies.dropFirst(references.count)
            for other in others {
                other.continuation.resume(returning: .done(.success(Array(replies.prefix(other.references.count)))))
                replies = replies.dropFirst(other.references.count)
            }
            return Array(own)
        } catch {
            let turn = Self.turn(after: error)
            for other in others { other.continuation.resume(returning: turn) }
            if case .alone = turn, error.code != .cancelled, !others.isEmpty { return try await send(references) }
            throw error
        }
    }

    /// What is wrong with one of them is not the others' failure, nor is it that whoever leads was cancelled: then
    /// each asks for itself. Where Redis is away, it is away for all.
    private static func turn(after error: StoreError) -> Turn {
        switch error.code {
        case .cancelled, .foreignKey, .unexpectedReply: .alone
        case .unavailable, .building, .outcomeUnknown: .done(.failure(error))
        }
    }

    private func company(of references: [EntityReference]) -> [Waiting] {
        state.withLock { state in
            var count = references.count
            var others: [Waiting] = []
            while count < Self.maxReferences, let next = state.waiting.popFirst() {
                count += next.references.count
                others.append(next)
            }
            return others
        }
    }

    private func handOver() {
        let next = state.withLock { state -> Waiting? in
            let next = state.waiting.popFirst()
            if next == nil { state.leaders -= 1 }
            return next
        }
        next?.continuation.resume(returning: .lead)
    }
}
