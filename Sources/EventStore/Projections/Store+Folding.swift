import Redis

/// What folding needs of the store.
extension Store {
    /// The id of a topic's last event. Ids increase, so all events up to it are in the streams.
    func lastID(of topic: TopicDefinition) async throws(StoreError) -> EventID {
        let replies = try await pipeline(
            topic.streams.map { RedisCommand("XREVRANGE", keys.stream($0), "+", "-", "COUNT", "1") })
        return replies.compactMap { $0.array?.first?.array?.first?.buffer.flatMap { EventID($0) } }.max() ?? .zero
    }

    /// The lengths of streams.
    func lengths(_ streams: [String]) async throws(StoreError) -> [Int] {
        try await pipeline(streams.map { RedisCommand("XLEN", $0) }).map { Int($0.int ?? 0) }
    }

    /// Runs commands at one moment of the shop.
    /// - Parameter clock: where the shop's clock must stand; nil for anywhere.
    /// - Returns: where it stands, and the replies, errors among them; no replies where it had to stand elsewhere.
    func moment(
        _ commands: [[String]], at clock: EventID? = nil
    ) async throws(StoreError) -> (clock: EventID, replies: [RedisValue]?) {
        let reply = try await run(scripts.moment) { command in
            command.append(clock?.description ?? "")
            for words in commands {
                command.append(words.count)
                for word in words { command.append(word) }
            }
        }
        guard let words = reply.array, let clock = words.first?.string.flatMap({ EventID($0) }) else {
            throw unexpected(reply)
        }
        return (clock, words.count > 1 ? words[1].array : nil)
    }

    static func checkCancellation() throws(StoreError) {
        if Task.isCancelled { throw StoreError(.cancelled, "the work was cancelled") }
    }
}

func result<Value>(_ body: () async throws(StoreError) -> Value) async -> Result<Value, StoreError> {
    do { return .success(try await body()) } catch { return .failure(error) }
}
