import JSON
import NIOCore
import Redis

/// Folds the events of all topics that read models follow from, in the one order of the shop, into the writes that
/// they make. An index may follow from several topics, so they cannot be folded one by one.
///
/// Of each entity no more is held than which event was its last so far: what the entity was before an event is read
/// from there.
struct IndexFold {
    /// One write, and the event that it follows from.
    struct Step {
        let id: EventID
        let write: ReadModelWrite
    }

    private enum Place { case stream, snapshot, unborn }

    private struct Known {
        var event: EventID
        /// Where it stands in the snapshot.
        var birth = EventID.zero
        var action: UInt8 = 0
        var place = Place.stream
        var isDeleted = false
        /// Whether hashes of it stand in indexes.
        var isHashed = false
    }

    private let store: Store
    /// The read models that are of interest; nil: all.
    private let names: Set<String>?
    private let topics: [TopicDefinition]
    private var known: FingerprintTable<Known>
    private var positions: [StreamKey: EventID] = [:]
    /// nil when the snapshots have been folded.
    private var snapshots: MergedPages<Topic, (topic: TopicDefinition, entry: SnapshotEntry)>?
    /// Up to here everything is folded.
    private(set) var position = EventID.zero

    private static let pageSize = 500

    init(_ store: Store, _ names: Set<String>? = nil) async throws(StoreError) {
        self.store = store
        self.names = names
        topics = store.catalogue.projectedTopics(names)
        let births = topics.flatMap { [store.keys.stream($0.birthStream), store.keys.snapshot($0.topic)] }
        let entities = try await store.lengths(births).reduce(0, +)
        known = FingerprintTable(capacity: entities, empty: Known(event: .zero))
        snapshots = MergedPages(topics.map(\.topic), count: Self.pageSize) { $0.entry.birth }
    }

    /// The next steps; nil when everything up to `end` is folded.
    mutating func next(upTo end: EventID) async throws(StoreError) -> [Step]? {
        try Store.checkCancellation()
        if snapshots != nil { return try await nextOfSnapshots() }
        if position >= end { return nil }
        let batch = try await store.read(topics.flatMap(\.streams), after: positions, count: Self.pageSize)
        let events = batch.events.filter { $0.id <= end }
        for event in events { positions[event.stream] = event.id }
        if events.count < batch.events.count || events.isEmpty { position = end }
        return try await fold(events)
    }

    // MARK: Events

    private struct Read {
        let event: RecordedEvent
        let object: JSONObject
        let id: String
        let name: Fingerprint
        let topic: TopicDefinition

        var isDeleted: Bool { event.stream.action == .deleted }
    }

    private mutating func fold(_ events: [RecordedEvent]) async throws(StoreError) -> [Step] {
        let events = events.compactMap { read($0) }.filter { event in
            known[event.name].map { $0.event < event.event.id } ?? true
        }
        let wasHashed = events.map { known[$0.name]?.isHashed ?? false }
        let befores = try await befores(of: events)
        let afters = events.map { $0.isDeleted ? nil : $0.object }
        let named = events.map(\.topic.topic)
        let old = try await store.hashes(of: Array(zip(named, befores)))
        let new = try await store.hashes(of: Array(zip(named, afters)))
        try note(new, of: events, wasHashed, old)
        return events.indices.flatMap { index in
            let event = events[index]
            var change = EntityChange(
                stream: event.event.stream, id: event.id, before: befores[index], after: afters[index])
            change.hashes = MemberHashes(before: old[index], after: new[index])
            return store.catalogue.writes(for: change, to: names).map { Step(id: event.event.id, write: $0) }
        }
    }

    /// - Throws: where the key of one whose hash was folded is gone by now: nobody can say which hash must go.
    private mutating func note(
        _ hashes: [[String: String]], of events: [Read], _ wasHashed: [Bool], _ before: [[String: String]]
    ) throws(StoreError) {
        var seen: Set<Fingerprint> = []
        for (index, event) in events.enumerated() {
            if seen.insert(event.name).inserted, wasHashed[index], before[index].isEmpty {
                throw StoreError(.unavailable, "somebody was erased while events were read: begin again")
            }
            known[event.name]?.isHashed = !hashes[index].isEmpty
        }
    }

    private func read(_ event: RecordedEvent) -> Read? {
        guard let topic = topics.first(where: { $0.topic == event.stream.topic }), let object = event.storedObject,
            let id = object["id"]?.string
        else { return nil }
        return Read(event: event, object: object, id: id, name: Fingerprint(topic.topic.name, id), topic: topic)
    }

    /// What each entity was before its event; nil where it was not.
    private mutating func befores(of events: [Read]) async throws(StoreError) -> [JSONObject?] {
        var befores = [JSONObject?](repeating: nil, count: events.count)
        var latest: [Fingerprint: Int] = [:]
        var wanted: [(index: Int, command: RedisCommand)] = []
        for (index, event) in events.enumerated() {
            if let earlier = latest[event.name] {
                befores[index] = events[earlier].isDeleted ? nil : events[earlier].object
            } else if let before = known[event.name], !before.isDeleted {
                wanted.append((index, command(reading: before, event)))
            }
            latest[event.name] = index
            let action = event.topic.actions.firstIndex(of: event.event.stream.action) ?? 0
            known[event.name] = Known(event: event.event.id, action: UInt8(action), isDeleted: event.isDeleted)
        }
        for (index, reply) in zip(wanted.map(\.index), try await store.pipeline(wanted.map(\.command))) {
            befores[index] = try entity(reply, of: events[index].topic.topic)
        }
        return befores
    }

    private func command(reading known: Known, _ event: Read) -> RedisCommand {
        let keys = store.keys
        let topic = event.topic.topic
        switch known.place {
        case .stream:
            let stream = StreamKey(topic, event.topic.actions[Int(known.action)])
            return RedisCommand("XRANGE", keys.stream(stream), "\(known.event)", "\(known.event)")
        case .snapshot: return RedisCommand("XRANGE", keys.snapshot(topic), "\(known.birth)", "\(known.birth)")
        case .unborn: return RedisCommand("HGET", keys.snapshotPairs(topic)[2], event.id)
        }
    }

    private func entity(_ reply: RedisValue, of topic: Topic) throws(StoreError) -> JSONObject? {
        guard let found = reply.string.flatMap({ unborn($0) }) ?? reply.array?.first.flatMap({ entry($0) }) else {
            throw StoreError(.unavailable, "events were trimmed while they were read: begin again")
        }
        let text = store.catalogue.read(found.text, of: topic, schema: found.schema).text
        return (try? JSONValue(parsing: text.readableBytesView))?.object
    }

    private func unborn(_ value: String) -> (text: ByteBuffer, schema: ByteBuffer?)? {
        UnbornEntry(value).map { ($0.text, $0.schema) }
    }

    private func entry(_ entry: RedisValue) -> (text: ByteBuffer, schema: ByteBuffer?)? {
        guard let fields = entry.array?.last?.array, let text = Store.field("entity", of: fields) else {
            return nil
        }
        return (text, Store.field("schema", of: fields))
    }

    // MARK: Snapshots

    /// Each entity of a snapshot is taken for new at its birth, as that is its place in indexes.
    private mutating func nextOfSnapshots() async throws(StoreError) -> [Step] {
        guard var pages = snapshots else { return [] }
        for (topic, position) in pages.wanted {
            guard let definition = topics.first(where: { $0.topic == topic }) else { continue }
            let page = try await store.snapshot(of: topic, after: position, count: Self.pageSize)
            pages.add(page.map { (definition, $0) }, of: topic)
        }
        let entries = pages.take()
        snapshots = entries.isEmpty ? nil : pages
        if entries.isEmpty { return try await unborn() }
        for (topic, entry) in entries {
            learn(entry.state.id, topic, at: entry.state.revision, entry.action, .snapshot, birth: entry.birth)
        }
        return try await steps(entries.map { ($0.topic.birthStream, $0.entry.state, $0.entry.birth) })
    }

    private mutating func unborn() async throws(StoreError) -> [Step] {
        var all: [Step] = []
        for topic in topics {
            var pages = ScannedKey(.hash, store.keys.snapshotPairs(topic.topic)[2])
            while let words = try await pages.next(in: store)?.map({ String(buffer: $0) }) {
                for index in stride(from: 0, to: words.count - 1, by: 2) {
                    guard let event = store.folded(unborn: words[index], words[index + 1], of: topic.topic) else {
                        continue
                    }
                    learn(words[index], topic, at: event.id, event.action, .unborn)
                    let state = EntityState(
                        id: words[index], revision: event.id, isDeleted: event.isDeleted, entity: event.entity)
                    all += try await steps([(StreamKey(topic.topic, event.action), state, event.id)])
                }
            }
        }
        return all
    }

    private func steps(
        _ entries: [(stream: StreamKey, state: EntityState, event: EventID)]
    ) async throws(StoreError) -> [Step] {
        let hashes = try await store.hashes(of: entries.map { ($0.stream.topic, $0.state.storedObject) })
        return zip(entries, hashes).flatMap { entry, hashes in
            store.catalogue.writes(for: entry.state, of: entry.stream, to: names, hashes: hashes)
                .map { Step(id: entry.event, write: $0) }
        }
    }

    private mutating func learn(
        _ id: String, _ topic: TopicDefinition, at event: EventID, _ action: Action, _ place: Place,
        birth: EventID = .zero
    ) {
        known[Fingerprint(topic.topic.name, id)] = Known(
            event: event, birth: birth, place: place, isDeleted: action == .deleted)
    }
}
