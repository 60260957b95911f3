import NIOCore
import Redis

/// Where revisions are lost but snapshots are there, state begins with the snapshots.
extension Store {
    /// Takes in the entities of the snapshots that no revision knows of, in the order of their births.
    func adoptSnapshots() async throws(StoreError) {
        var pages = MergedPages<Topic, (topic: TopicDefinition, entry: SnapshotEntry)>(
            catalogue.topics.map(\.topic), count: 200
        ) { $0.entry.birth }
        while true {
            for (topic, position) in pages.wanted {
                guard let definition = catalogue.definition(of: topic) else { continue }
                let page = try await snapshot(of: topic, after: position, count: 200)
                pages.add(page.map { (definition, $0) }, of: topic)
            }
            let entries = pages.take()
            if entries.isEmpty { break }
            try await adopt(entries)
        }
        for topic in catalogue.topics { try await adoptUnborn(topic) }
    }

    private func adopt(_ entries: [(topic: TopicDefinition, entry: SnapshotEntry)]) async throws(StoreError) {
        let states = try await load(entries.map { .id($0.topic.topic, $0.entry.state.id) })
        var steps: [Transaction] = []
        for (entry, _) in zip(entries, states).filter({ $1 == nil }) {
            steps.append(try await hashed(step(for: entry.entry, of: entry.topic)))
        }
        for outcome in try await transactEach(steps) { _ = try outcome.get() }
    }

    /// Read models are written as by the entity's first event, which gives it its old place in them.
    private func step(for entry: SnapshotEntry, of topic: TopicDefinition) -> Transaction {
        let state = entry.state
        var step = Transaction(expectations: [.revision(topic.topic, id: state.id, nil)])
        if state.exists { step.adopted = [adopted(state, topic.birthStream, at: entry.birth)] }
        let revision = "\(state.revision) \(entry.action) \(entry.birth)"
        step.writes = [.command(["HSET", keys.revisions(topic.topic), state.id, revision])]
        if !state.exists { step.writes += catalogue.writes(for: state, of: topic.birthStream) }
        return step
    }

    private func adoptUnborn(_ topic: TopicDefinition) async throws(StoreError) {
        var cursor = "0"
        repeat {
            let key = keys.snapshotPairs(topic.topic)[2]
            let reply = try await send(RedisCommand("HSCAN", key, cursor, "COUNT", "200"))
            guard let page = reply.array, page.count == 2 else { throw unexpected(reply) }
            cursor = page[0].string ?? "0"
            let words = (page[1].array ?? []).compactMap(\.string)
            for index in stride(from: 0, to: words.count - 1, by: 2) {
                try await adoptUnborn(words[index], words[index + 1], topic)
            }
        } while cursor != "0"
    }

    private func adoptUnborn(
        _ id: String, _ value: String, _ topic: TopicDefinition
    ) async throws(StoreError) {
        guard let entry = UnbornEntry(value), try await load([.id(topic.topic, id)])[0] == nil else { return }
        let (revision, action) = (entry.id, entry.action)
        let text = catalogue.read(entry.text, of: topic.topic, schema: entry.schema).text
        let state = EntityState(id: id, revision: revision, isDeleted: action == .deleted, entity: text)
        var step = Transaction(expectations: [.revision(topic.topic, id: id, nil)])
        step.adopted = [adopted(state, StreamKey(topic.topic, action), at: revision)]
        step.writes = [.command(["HSET", keys.revisions(topic.topic), id, "\(revision) \(action) -"])]
        if !state.exists { step.writes += catalogue.writes(for: state, of: topic.birthStream) }
        _ = try await transact(step)
    }

    private func adopted(_ state: EntityState, _ stream: StreamKey, at id: EventID) -> (RecordedEvent, NewEvent) {
        (
            RecordedEvent(id: id, stream: stream, name: ByteBuffer(), entity: state.entity, metadata: []),
            NewEvent(stream, entityID: state.id, eventID: "", entity: state.bytes, before: nil)
        )
    }
}
