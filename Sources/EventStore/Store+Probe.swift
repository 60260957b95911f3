import Redis

extension Store {
    /// Writes something that nobody reads: whether Redis takes writes, which a PING does not tell.
    /// - Throws: why it does not.
    public func probe() async throws(StoreError) {
        _ = try await send(RedisCommand("SET", keys.probe, "", "PX", "1000"))
    }
}
