/// Sends transactions that wait at the same moment in one call.
final class GroupCommit: Sendable {
    typealias Send =
        @Sendable ([Transaction]) async throws(StoreError) -> [Result<TransactionOutcome, StoreError>]

    /// In events.
    private static let capacity = 128

    private let convoy = Convoy<Transaction, Result<TransactionOutcome, StoreError>>(capacity: capacity) {
        max(1, $0.events.count)
    }

    func run(
        _ transaction: Transaction, _ send: Send
    ) async throws(StoreError) -> TransactionOutcome {
        switch await convoy.turn(with: transaction) {
        case .done(let result): return try result.get()
        case .lead: return try await lead(transaction, send)
        }
    }

    private func lead(_ transaction: Transaction, _ send: Send) async throws(StoreError) -> TransactionOutcome {
        let followers = await convoy.followers(of: transaction)
        defer { convoy.handOver() }
        let outcomes: [Result<TransactionOutcome, StoreError>]
        do throws(StoreError) { outcomes = try await send([transaction] + followers.map(\.load)) } catch {
            // Whoever leads may be cancelled; the others only know that they cannot know.
            let lost = error.code == .cancelled ? StoreError(.outcomeUnknown, error.message) : error
            for follower in followers { follower.resume(with: .failure(lost)) }
            throw error
        }
        for (follower, outcome) in zip(followers, outcomes.dropFirst()) { follower.resume(with: outcome) }
        return try outcomes[0].get()
    }
}
