import JSON
import Redis

extension Store {
    /// Whether the entity cache of a topic is gone although there are entities.
    public func isCacheMissing(_ topic: TopicDefinition) async throws(StoreError) -> Bool {
        if try await send(RedisCommand("EXISTS", keys.entityIDs(topic.topic))).int == 1 { return false }
        var position: EventID? = .zero
        while let start = position {
            let page = try await list(topic, after: start)
            if !page.entities.isEmpty { return true }
            position = page.next
        }
        return false
    }

    /// Writes the entity cache of a topic anew from the events, while everything else goes on.
    ///
    /// Every entity is written under the condition that its revision is still the one that was read: an entity
    /// that changes meanwhile is written by the step that changes it.
    /// - Returns: how many entities there are.
    public func rebuildCache(_ topic: TopicDefinition) async throws(StoreError) -> Int {
        try await dropStaleEntities(topic.topic)
        var count = 0
        var position: EventID? = .zero
        while let start = position {
            let page = try await list(topic, after: start, count: 200)
            count += page.entities.count
            for outcome in try await transactEach(page.entities.map { rewrite($0, of: topic.topic) }) {
                _ = try outcome.get()
            }
            position = page.next
        }
        return count
    }

    private func rewrite(_ state: EntityState, of topic: Topic) -> Transaction {
        var transaction = Transaction(expectations: [.revision(topic, id: state.id, state.revision)])
        transaction.writes = EntityCache(keys: keys).rewrites(topic, state.id, state.decoded())
        return transaction
    }

    /// Takes entities out of the cache that no event speaks of any more.
    private func dropStaleEntities(_ topic: Topic) async throws(StoreError) {
        var cursor = "0"
        repeat {
            let reply = try await send(
                RedisCommand("SSCAN", keys.entityIDs(topic), cursor, "COUNT", "200"))
            guard let page = reply.array, page.count == 2 else { throw unexpected(reply) }
            cursor = page[0].string ?? "0"
            let ids = (page[1].array ?? []).compactMap(\.string)
            let states = try await load(ids.map { .id(topic, $0) })
            let stale = zip(ids, states).filter { $1?.exists != true }.map(\.0)
            for outcome in try await transactEach(stale.map { drop($0, of: topic) }) { _ = try outcome.get() }
        } while cursor != "0"
    }

    private func drop(_ id: String, of topic: Topic) -> Transaction {
        var transaction = Transaction(expectations: [.revision(topic, id: id, nil)])
        transaction.writes = EntityCache(keys: keys).rewrites(topic, id, nil)
        return transaction
    }
}
