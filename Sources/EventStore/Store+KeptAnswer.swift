import Redis

/// What a command answered, kept under the name that its client gave to it, for when the client asks again.
public struct KeptAnswer: Sendable, Hashable {
    /// Tells whether a repeat asks for the same.
    public let fingerprint: String
    /// JSON text.
    public let text: String

    public init(fingerprint: String, text: String) {
        self.fingerprint = fingerprint
        self.text = text
    }
}

extension Store {
    /// The answer that is kept under a name; nil where there is none (any more). One round trip.
    public func keptAnswer(_ name: String) async throws(StoreError) -> KeptAnswer? {
        guard let kept = try await ask(RedisCommand("GET", keys.answer(name))).string else { return nil }
        let parts = kept.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        return KeptAnswer(fingerprint: String(parts[0]), text: String(parts[1]))
    }

    /// The transaction that keeps its answer in the same step, and does not happen where there is one already.
    /// - Parameter time: for how long it is kept.
    public func keeping(
        _ answer: KeptAnswer, as name: String, for time: Duration, in transaction: Transaction
    ) -> Transaction {
        var transaction = transaction
        let (key, milliseconds) = (keys.answer(name), String(time.components.seconds * 1_000))
        transaction.expectations.append(.exists(key: key, false))
        transaction.records.append(["SET", key, "\(answer.fingerprint) \(answer.text)", "PX", milliseconds])
        return transaction
    }
}
