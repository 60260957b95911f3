import JSON
import NIOCore
import Redis

/// A page of a topic's entities, in the order in which they came to be.
public struct EntityPage: Sendable {
    public let entities: [EntityState]
    /// Where the next page begins; nil behind the last one.
    public let next: EventID?
}

extension Store {
    /// The entities of a topic, in the order in which they came to be, without holding more than a page of them.
    ///
    /// It goes along the stream of their first events. An entity that was changed since is read from its last
    /// event, one that was deleted is left out. Three round trips a page.
    /// - Parameter position: where to go on, from the page before.
    public func list(
        _ topic: TopicDefinition, after position: EventID = .zero, count: Int = 500
    ) async throws(StoreError) -> EntityPage {
        let births = try await range(topic.birthStream, after: position, count: count)
        guard let last = births.last else { return EntityPage(entities: [], next: nil) }
        let ids = births.map { $0.decoded()?["id"]?.string ?? "" }
        let states = try await present(births, ids, topic)
        return EntityPage(entities: states, next: births.count < count ? nil : last.id)
    }

    private func present(
        _ births: [RecordedEvent], _ ids: [String], _ topic: TopicDefinition
    ) async throws(StoreError) -> [EntityState] {
        var command = RedisCommand("HMGET", keys.revisions(topic.topic))
        for id in ids { command.append(id) }
        let revisions = try await send(command).array ?? []
        var states: [EntityState?] = []
        var changed: [(index: Int, id: String)] = []
        for (index, birth) in births.enumerated() {
            let unchanged = revisions[index].string == "\(birth.id) \(birth.stream.action)"
            states.append(
                unchanged
                    ? EntityState(id: ids[index], revision: birth.id, isDeleted: false, entity: birth.entity)
                    : nil)
            if !unchanged, !revisions[index].isNull { changed.append((index, ids[index])) }
        }
        let loaded = try await load(changed.map { .id(topic.topic, $0.id) })
        for (entry, state) in zip(changed, loaded) { states[entry.index] = state }
        return states.compactMap(\.self).filter(\.exists)
    }
}
