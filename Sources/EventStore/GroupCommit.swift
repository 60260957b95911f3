import Synchronization

/// Sends transactions that wait at the same moment in one call, as a call costs more than a transaction in it.
///
/// While calls are under way those who come wait; whoever's call returns hands the lead to the first of them, who
/// takes the others along. Nobody waits for company: with nothing under way a transaction goes at once.
final class GroupCommit: Sendable {
    typealias Send =
        @Sendable ([Transaction]) async throws(StoreError) -> [Result<TransactionOutcome, StoreError>]

    private enum Turn: Sendable {
        case lead
        case done(Result<TransactionOutcome, StoreError>)
    }

    private struct Waiting {
        let transaction: Transaction
        let continuation: CheckedContinuation<Turn, Never>
    }

    private struct State {
        var leaders = 0
        var waiting: ArraySlice<Waiting> = []
    }

    /// One call is on its way while Redis works at another.
    private static let maxLeaders = 2
    /// Bounds the time for which one call holds Redis up: a call ends with the event that goes over it.
    private static let maxEvents = 128

    private let state = Mutex(State())

    func run(
        _ transaction: Transaction, _ send: Send
    ) async throws(StoreError) -> TransactionOutcome {
        switch await turn(transaction) {
        case .done(let result): return try result.get()
        case .lead: return try await lead(transaction, send)
        }
    }

    private func turn(_ transaction: Transaction) async -> Turn {
        if state.withLock({ Self.takeLead(&$0) }) { return .lead }
        return await withCheckedContinuation { continuation in
            let leads = state.withLock { state in
                if Self.takeLead(&state) { return true }
                state.waiting.append(Waiting(transaction: transaction, continuation: continuation))
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

    private func lead(_ transaction: Transaction, _ send: Send) async throws(StoreError) -> TransactionOutcome {
        await Task.yield()
        let others = company(of: transaction)
        defer { handOver() }
        let outcomes: [Result<TransactionOutcome, StoreError>]
        do throws(StoreError) {
            outcomes = try await send([transaction] + others.map(\.transaction))
        } catch {
            // Whoever leads may be cancelled; the others only know that they cannot know.
            let lost = error.code == .cancelled ? StoreError(.outcomeUnknown, error.message) : error
            for other in others { other.continuation.resume(returning: .done(.failure(lost))) }
            throw error
        }
        for (other, outcome) in zip(others, outcomes.dropFirst()) {
            other.continuation.resume(returning: .done(outcome))
        }
        return try outcomes[0].get()
    }

    private func company(of transaction: Transaction) -> [Waiting] {
        state.withLock { state in
            var events = transaction.events.count
            var others: [Waiting] = []
            while events < Self.maxEvents, let next = state.waiting.popFirst() {
                events += max(1, next.transaction.events.count)
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
