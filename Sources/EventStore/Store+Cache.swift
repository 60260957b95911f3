import Redis

extension Store {
    /// Whether the entity cache of a topic is gone although there are entities, or was being built when that ended.
    public func isCacheMissing(_ topic: TopicDefinition) async throws(StoreError) -> Bool {
        let replies = try await pipeline([
            RedisCommand("EXISTS", keys.entityIDs(topic.topic)),
            RedisCommand("SISMEMBER", keys.unfinishedCaches, topic.topic.name),
        ])
        if replies[1].int == 1 { return true }
        if replies[0].int == 1 { return false }
        var position: EventID? = .zero
        while let start = position {
            let page = try await list(topic, after: start)
            if !page.entities.isEmpty { return true }
            position = page.next
        }
        return false
    }

    /// Makes the entity cache and the revisions of a topic anew from the events, while everything else goes on.
    ///
    /// Each entity that is not as its events say is replaced in one step, together with its place in the set of ids.
    /// Whoever reads meanwhile finds every entity, old or new. Nothing is built beside and swapped in: the cache of a
    /// million entities is millions of keys, and to rename them in one step would stop the shop for seconds.
    /// - Returns: how many entities there are.
    public func rebuildCache(_ topic: TopicDefinition) async throws(StoreError) -> Int {
        try await verifyEntities(of: topic, isMending: true) { _ in }.checked
    }

    /// A cache that is gone must not be taken for whole when its building ends half way.
    func noteUnfinished(_ topic: Topic) async throws(StoreError) {
        if try await send(RedisCommand("EXISTS", keys.entityIDs(topic))).int == 1 { return }
        _ = try await send(RedisCommand("SADD", keys.unfinishedCaches, topic.name))
    }

    func noteFinished(_ topic: Topic) async throws(StoreError) {
        _ = try await send(RedisCommand("SREM", keys.unfinishedCaches, topic.name))
    }
}
