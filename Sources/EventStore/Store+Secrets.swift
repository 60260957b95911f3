import Redis

/// What must not stand in events, where many may read it and nobody can change it.
extension Store {
    /// The secrets of holders, in one round trip; nil for those that have none.
    public func secrets(of holders: [String]) async throws(StoreError) -> [String?] {
        if holders.isEmpty { return [] }
        let reply = try await ask(RedisCommand("HMGET", arguments: [keys.secrets] + holders))
        return (reply.array ?? []).map(\.string)
    }
}

extension Transaction {
    /// Keeps a holder's secret, in this step, or forgets it.
    public mutating func keep(secret: String?, of holder: String, in store: Store) {
        let key = store.keys.secrets
        records.append(secret.map { ["HSET", key, holder, $0] } ?? ["HDEL", key, holder])
    }
}
