import Redis

/// Asks in one call for what loads that wait at the same moment want.
///
/// A load joins only a call that has not been sent yet: so it sees all that was written before it began.
final class GroupLoad: Sendable {
    /// Asks for entities: one reply for each.
    typealias Send = @Sendable ([EntityReference]) async throws(StoreError) -> [RedisValue]

    private enum Answer {
        case replies(Result<[RedisValue], StoreError>)
        case askAlone
    }

    /// In entities.
    private static let capacity = 64

    private let convoy = Convoy<[EntityReference], Answer>(capacity: capacity) { $0.count }

    func run(_ references: [EntityReference], _ send: Send) async throws(StoreError) -> [RedisValue] {
        switch await convoy.turn(with: references) {
        case .done(.replies(let result)): try result.get()
        case .done(.askAlone): try await send(references)
        case .lead: try await lead(references, send)
        }
    }

    private func lead(_ references: [EntityReference], _ send: Send) async throws(StoreError) -> [RedisValue] {
        let followers = await convoy.followers(of: references)
        defer { convoy.handOver() }
        do throws(StoreError) {
            var replies = try await send(references + followers.flatMap(\.load))[...]
            let own = replies.prefix(references.count)
            replies = replies.dropFirst(references.count)
            for follower in followers {
                follower.resume(with: .replies(.success(Array(replies.prefix(follower.load.count)))))
                replies = replies.dropFirst(follower.load.count)
            }
            return Array(own)
        } catch {
            let answer = Self.answer(after: error)
            for follower in followers { follower.resume(with: answer) }
            if case .askAlone = answer, error.code != .cancelled, !followers.isEmpty {
                return try await send(references)
            }
            throw error
        }
    }

    /// What is wrong with one of them is not the others' failure, nor is it that whoever leads was cancelled: then
    /// each asks for itself. Where Redis is away, it is away for all.
    private static func answer(after error: StoreError) -> Answer {
        switch error.code {
        case .cancelled, .foreignKey, .unexpectedReply: .askAlone
        case .unavailable, .building, .outcomeUnknown: .replies(.failure(error))
        }
    }
}
