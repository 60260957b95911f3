import JSON
import Redis

/// An entity as a snapshot has it.
public struct SnapshotEntry: Sendable {
    /// The id of the entity's first event: its place in lists.
    public let birth: EventID
    /// What its last event was when the snapshot was made.
    public let action: Action
    public let state: EntityState
}

/// What a topic's snapshot could not place.
public struct SnapshotReport: Sendable, Equatable {
    /// Entities without a first event: they can be looked up, but are in no list, as before.
    public var unborn = 0
    /// Entities whose last event was gone already.
    public var missing = 0
}

/// A snapshot has every entity whose first event has been trimmed, in the order of those events. It stands in for the
/// trimmed events: `load` and `list` fall back to it, and a replay from the beginning begins with it.
extension Store {
    /// How many entities one step writes: Redis does nothing else meanwhile.
    static let snapshotStep = 200

    // MARK: Reading

    /// The entries of a topic's snapshot, deleted entities included, in the order of their births. An entry may be
    /// newer than the cut: whoever goes on with the events behind the cut passes over those up to its revision.
    public func snapshot(
        of topic: Topic, after position: EventID = .zero, count: Int = 500
    ) async throws(StoreError) -> [SnapshotEntry] {
        snapshotEntries(try await ask(snapshotCommand(topic, after: position, count: count)), of: topic)
    }

    func snapshotCommand(_ topic: Topic, after position: EventID, count: Int) -> RedisCommand {
        RedisCommand("XRANGE", keys.snapshot(topic), "(\(position)", "+", "COUNT", String(count))
    }

    func snapshotEntries(_ reply: RedisValue, of topic: Topic) -> [SnapshotEntry] {
        (reply.array ?? []).compactMap { entry in
            guard let pair = entry.array, pair.count == 2, let fields = pair[1].array, fields.count >= 8,
                let birth = pair[0].string.flatMap({ EventID($0) }), let id = fields[1].string,
                let revision = fields[3].string.flatMap({ EventID($0) }), let action = fields[5].string,
                let entity = fields[7].buffer
            else { return nil }
            let isDeleted = action == Action.deleted.name
            let read = catalogue.read(entity, of: topic, schema: Self.field("schema", of: fields))
            return SnapshotEntry(
                birth: birth, action: Action(action),
                state: EntityState(
                    id: id, revision: revision, isDeleted: isDeleted, entity: read.text, isNewer: read.isNewer))
        }
    }

    // MARK: Writing

    /// Writes a topic's next snapshot beside the one in use, for a cut.
    /// - Parameter page: called between the steps.
    public func buildSnapshot(
        of topic: TopicDefinition, upTo cut: EventID, _ lock: RetentionLock,
        page: () async throws(StoreError) -> Void = {}
    ) async throws(StoreError) -> SnapshotReport {
        let pairs = keys.snapshotPairs(topic.topic)
        _ = try await send(RedisCommand("UNLINK", pairs[1], pairs[3]))
        var position = try await takeOver(topic, upTo: cut, lock, page)
        while true {
            let births = try await births(of: topic, after: position, upTo: cut)
            guard let last = births.last else { break }
            try await add(births, to: topic, upTo: cut, lock)
            position = last.id
            try await page()
        }
        return try await addRest(of: topic, upTo: cut, lock, page)
    }

    /// - Returns: the last birth in the snapshot in use.
    private func takeOver(
        _ topic: TopicDefinition, upTo cut: EventID, _ lock: RetentionLock,
        _ page: () async throws(StoreError) -> Void
    ) async throws(StoreError) -> EventID {
        var position = EventID.zero
        while true {
            let reply = try await snapshotStep(
                lock, topic, cut, ["live", position.description, String(Self.snapshotStep)])
            guard let last = reply.string.flatMap({ EventID($0) }) else { return position }
            position = last
            try await page()
        }
    }

    private func births(
        of topic: TopicDefinition, after position: EventID, upTo cut: EventID
    ) async throws(StoreError) -> [RecordedEvent] {
        try await range(topic.birthStream, after: position, count: Self.snapshotStep).filter { $0.id <= cut }
    }

    private func add(
        _ births: [RecordedEvent], to topic: TopicDefinition, upTo cut: EventID, _ lock: RetentionLock
    ) async throws(StoreError) {
        let named = births.compactMap { event in event.decoded()?["id"]?.string.map { [$0, "\(event.id)"] } }
        if !named.isEmpty { _ = try await snapshotStep(lock, topic, cut, ["births"] + named.joined()) }
    }

    private func addRest(
        of topic: TopicDefinition, upTo cut: EventID, _ lock: RetentionLock,
        _ page: () async throws(StoreError) -> Void
    ) async throws(StoreError) -> SnapshotReport {
        var report = SnapshotReport()
        var cursor = "0"
        repeat {
            let reply = try await snapshotStep(lock, topic, cut, ["rest", cursor, String(Self.snapshotStep)])
            guard let words = reply.array, words.count == 3, let next = words[0].string else {
                throw unexpected(reply)
            }
            cursor = next
            report.unborn += Int(words[1].int ?? 0)
            report.missing += Int(words[2].int ?? 0)
            try await page()
        } while cursor != "0"
        return report
    }

    private func snapshotStep(
        _ lock: RetentionLock, _ topic: TopicDefinition, _ cut: EventID, _ part: [String]
    ) async throws(StoreError) -> RedisValue {
        try await run(scripts.snapshot) { command in
            for word in [keys.retentionLock, lock.token, String(lock.milliseconds)] { command.append(word) }
            command.append(keys.revisions(topic.topic))
            command.append(keys.stream(StreamKey(topic.topic, "")))
            for key in keys.snapshotPairs(topic.topic) { command.append(key) }
            command.append(cut.description)
            for word in part { command.append(word) }
        }
    }
}
