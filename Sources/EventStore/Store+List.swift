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
    /// It goes along the snapshot and then along the stream of their first events. An entity that was changed since
    /// is read from its last event, one that was deleted is left out. Three round trips a page.
    /// - Parameter position: where to go on, from the page before.
    public func list(
        _ topic: TopicDefinition, after position: EventID = .zero, count: Int = 500
    ) async throws(StoreError) -> EntityPage {
        let births = try await births(of: topic, after: position, count: count)
        return EntityPage(entities: try await present(births.entries, topic), next: births.next)
    }

    /// The same from either end.
    /// - Parameter position: where to go on, from the page before; nil: at the end that it begins with.
    public func list(
        _ topic: TopicDefinition, after position: EventID?, _ direction: Direction, count: Int
    ) async throws(StoreError) -> EntityPage {
        switch direction {
        case .forwards: return try await list(topic, after: position ?? .zero, count: count)
        case .backwards:
            let births = try await births(of: topic, before: position, count: count)
            return EntityPage(entities: try await present(births.entries, topic), next: births.next)
        }
    }

    /// An entity as it was at a place in the list.
    private struct Birth {
        let place: EventID
        let id: String
        /// What its revision is if nothing has happened to it since.
        let state: EntityState
        let action: Action
    }

    private func births(
        of topic: TopicDefinition, after position: EventID, count: Int
    ) async throws(StoreError) -> (entries: [Birth], next: EventID?) {
        // In the middle of a snapshot the stream need not be asked.
        if position > .zero {
            let snapshot = try await snapshot(of: topic.topic, after: position, count: count)
            if snapshot.count == count { return (snapshot.map(birth), snapshot.last?.birth) }
        }
        // In this order: what is trimmed from the stream in between is in the snapshot by then.
        let replies = try await ask([
            RedisCommand("XRANGE", keys.stream(topic.birthStream), "(\(position)", "+", "COUNT", String(count)),
            snapshotCommand(topic.topic, after: position, count: count),
        ])
        let events = (replies[0].array ?? []).compactMap { birth($0, of: topic.birthStream) }
        let snapshot = snapshotEntries(replies[1], of: topic.topic)
        return join(snapshot, events, count: count)
    }

    /// Snapshot and stream have births in common while trimming goes on.
    private func join(
        _ snapshot: [SnapshotEntry], _ events: [Birth], count: Int
    ) -> (entries: [Birth], next: EventID?) {
        if snapshot.count == count { return (snapshot.map(birth), snapshot.last?.birth) }
        let border = snapshot.last?.birth ?? .zero
        let all = snapshot.map(birth) + events.filter { $0.place > border }
        let page = all.prefix(count)
        let isMore = page.count < all.count || events.count == count
        let end = page.count < all.count ? page.last?.place : max(border, events.last?.place ?? .zero)
        return (Array(page), isMore ? end : nil)
    }

    /// The latest first. What is trimmed between the two reads is in both of them, or in the snapshot.
    private func births(
        of topic: TopicDefinition, before position: EventID?, count: Int
    ) async throws(StoreError) -> (entries: [Birth], next: EventID?) {
        let end = position.map { "(\($0)" } ?? "+"
        let replies = try await ask(
            [keys.stream(topic.birthStream), keys.snapshot(topic.topic)].map {
                RedisCommand("XREVRANGE", $0, end, "-", "COUNT", String(count))
            })
        let events = (replies[0].array ?? []).compactMap { birth($0, of: topic.birthStream) }
        let snapshot = snapshotEntries(replies[1], of: topic.topic)
        let known = Set(snapshot.map(\.birth))
        let all = snapshot.map(birth) + events.filter { !known.contains($0.place) }
        let page = all.sorted { $0.place > $1.place }.prefix(count)
        let isMore = page.count < all.count || events.count == count || snapshot.count == count
        return (Array(page), isMore ? page.last?.place : nil)
    }

    private func birth(_ entry: SnapshotEntry) -> Birth {
        Birth(place: entry.birth, id: entry.state.id, state: entry.state, action: entry.action)
    }

    /// Only what a list takes is read: a list may be of all there is.
    private func birth(_ entry: RedisValue, of stream: StreamKey) -> Birth? {
        guard let pair = entry.array, pair.count == 2, let fields = pair[1].array,
            let place = pair[0].buffer.flatMap({ EventID($0) })
        else { return nil }
        let entity = Self.field("entity", of: fields) ?? ByteBuffer()
        let read = catalogue.read(entity, of: stream.topic, schema: Self.field("schema", of: fields))
        let id = read.text.entityID.map { String(buffer: $0) } ?? ""
        let state = EntityState(
            id: id, revision: place, isDeleted: false, entity: read.text, isNewer: read.isNewer)
        return Birth(place: place, id: id, state: state, action: stream.action)
    }

    private func present(_ births: [Birth], _ topic: TopicDefinition) async throws(StoreError) -> [EntityState] {
        if births.isEmpty { return [] }
        var command = RedisCommand("HMGET", keys.revisions(topic.topic))
        for birth in births { command.append(birth.id) }
        let revisions = try await ask(command).array ?? []
        var states: [EntityState?] = []
        var changed: [(index: Int, id: String)] = []
        for (index, (birth, revision)) in zip(births, revisions).enumerated() {
            let isLast = revision.buffer.map { self.isLast(birth, in: $0) } ?? false
            states.append(isLast ? birth.state : nil)
            if !isLast, !revision.isNull { changed.append((index, birth.id)) }
        }
        states = try await reveal(states, of: births.map { _ in topic.topic })
        let loaded = try await load(changed.map { .id(topic.topic, $0.id) })
        for (entry, state) in zip(changed, loaded) { states[entry.index] = state }
        return states.compactMap(\.self).filter(\.exists)
    }

    /// Whether nothing has happened to the entity since.
    private func isLast(_ birth: Birth, in revision: ByteBuffer) -> Bool {
        let words = revision.readableBytesView.split(separator: UInt8(ascii: " "), maxSplits: 2)
        return words.count > 1 && EventID(ByteBuffer(words[0])) == birth.state.revision
            && words[1].elementsEqual(birth.action.name.utf8)
    }
}
