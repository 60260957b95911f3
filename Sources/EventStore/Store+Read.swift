import NIOCore
import Redis

/// What an entity is looked up by.
public enum EntityReference: Sendable, Hashable {
    case id(Topic, String)
    /// The one entity that has this value.
    case unique(UniqueIndex, String)

    var topic: Topic {
        switch self {
        case .id(let topic, _): topic
        case .unique(let index, _): index.topic
        }
    }

    /// The entity, where it is named by its id.
    public var key: EntityKey? {
        switch self {
        case .id(let topic, let id): EntityKey(topic: topic, id: id)
        case .unique: nil
        }
    }
}

/// Events of several streams, in the one order of the shop.
public struct EventBatch: Sendable {
    public let events: [RecordedEvent]
    /// Where to go on: the given positions, moved to the last event of each stream in `events`.
    public let positions: [StreamKey: EventID]
    /// Whether there may be more behind them.
    public let isFull: Bool
}

extension Store {
    // MARK: Entities

    /// The present state of entities, in one round trip, read from their last events: it never lags.
    /// - Returns: one state for each reference; nil where there never was such an entity; a deleted one comes as it last was.
    public func load(_ references: [EntityReference]) async throws(StoreError) -> [EntityState?] {
        if references.isEmpty { return [] }
        for case .unique(let index, _) in references { try requireWhole(index.name) }
        let states = try await groupLoad.run(references) { references async throws(StoreError) in
            try await self.states(of: references)
        }
        return try await reveal(
            zip(states, references).map { state($0, of: $1.topic) }, of: references.map(\.topic))
    }

    private func states(of references: [EntityReference]) async throws(StoreError) -> [RedisValue] {
        let reply = try await ask(scripts.load) { command in
            for reference in references { append(reference, to: &command) }
        }
        guard let states = reply.array, states.count == references.count else { throw unexpected(reply) }
        return states
    }

    private func append(_ reference: EntityReference, to command: inout RedisCommand) {
        let (unique, name) =
            switch reference {
            case .id(_, let id): ("", id)
            case .unique(let index, let value): (keys.unique(index), value)
            }
        command.append(unique)
        command.append(keys.revisions(reference.topic))
        command.append(keys.stream(StreamKey(reference.topic, "")))
        command.append(name)
    }

    private func state(_ reply: RedisValue, of topic: Topic) -> EntityState? {
        guard let fields = reply.array, fields.count == 5, let id = fields[0].string,
            let revision = fields[1].buffer.flatMap({ EventID($0) }), let entity = fields[3].buffer
        else { return nil }
        let isDeleted = fields[2].string == Action.deleted.name
        let read = catalogue.read(entity, of: topic, schema: fields[4].buffer)
        return EntityState(
            id: id, revision: revision, isDeleted: isDeleted, entity: read.text, isNewer: read.isNewer)
    }

    // MARK: Events

    /// Reads several streams in the order of the shop.
    ///
    /// A stream that filled its count may hold earlier events that were not read yet, so the batch ends at the
    /// smallest last id of those.
    /// - Parameter positions: the last event that was handled of each stream; absent: from the beginning.
    public func read(
        _ streams: [StreamKey], after positions: [StreamKey: EventID], count: Int
    ) async throws(StoreError) -> EventBatch {
        let reply = try await ask(readCommand(streams, after: positions, count: count))
        return try await revealed(try batch(reply, after: positions, count: count))
    }

    func revealed(_ batch: EventBatch) async throws(StoreError) -> EventBatch {
        EventBatch(events: try await reveal(batch.events), positions: batch.positions, isFull: batch.isFull)
    }

    func readCommand(_ streams: [StreamKey], after positions: [StreamKey: EventID], count: Int) -> RedisCommand {
        var command = RedisCommand("XREAD", "COUNT", String(count), "STREAMS")
        for stream in streams { command.append(keys.stream(stream)) }
        for stream in streams { command.append((positions[stream] ?? .zero).description) }
        return command
    }

    /// What a read answered, in the order of the shop.
    func batch(
        _ reply: RedisValue, after positions: [StreamKey: EventID], count: Int
    ) throws(StoreError) -> EventBatch {
        merge(try events(of: reply), positions, count: count)
    }

    private func merge(
        _ streams: [[RecordedEvent]], _ positions: [StreamKey: EventID], count: Int
    ) -> EventBatch {
        let horizon = streams.filter { $0.count >= count }.compactMap { $0.last?.id }.min()
        let parts = streams.map { events in events.prefix { event in horizon.map { event.id <= $0 } ?? true } }
        var positions = positions
        for last in parts.compactMap(\.last) { positions[last.stream] = last.id }
        let events = parts.count == 1 ? Array(parts[0]) : parts.joined().sorted { $0.id < $1.id }
        return EventBatch(events: events, positions: positions, isFull: horizon != nil)
    }

    private func events(of reply: RedisValue) throws(StoreError) -> [[RecordedEvent]] {
        var streams: [[RecordedEvent]] = []
        for stream in reply.array ?? [] {
            guard let pair = stream.array, pair.count == 2, let name = pair[0].string,
                let key = StreamKey(parsing: name.dropFirst(keys.prefix.count)), let entries = pair[1].array
            else { throw unexpected(reply) }
            streams.append(entries.compactMap { event($0, of: key) })
        }
        return streams
    }

    /// The events of several streams between two places, in the order of the shop.
    /// - Parameter count: of each stream. Where one has more the batch is full, and ends before that.
    public func read(
        _ streams: [StreamKey], in range: ClosedRange<EventID>, count: Int
    ) async throws(StoreError) -> EventBatch {
        let (start, end) = (range.lowerBound.description, range.upperBound.description)
        let replies = try await ask(
            streams.map { RedisCommand("XRANGE", keys.stream($0), start, end, "COUNT", String(count)) })
        let events = zip(streams, replies).map { stream, reply in
            (reply.array ?? []).compactMap { event($0, of: stream) }
        }
        return try await revealed(merge(events, [:], count: count))
    }

    /// How many events stand in the streams, in one round trip.
    public func count(of streams: [StreamKey]) async throws(StoreError) -> Int {
        let replies = try await pipeline(streams.map { RedisCommand("XLEN", keys.stream($0)) })
        return replies.reduce(0) { $0 + Int($1.int ?? 0) }
    }

    /// The last events up to a place, in the order of the shop.
    /// - Parameter end: nil: up to now.
    public func last(
        of streams: [StreamKey], before end: EventID? = nil, count: Int
    ) async throws(StoreError) -> [RecordedEvent] {
        let commands = streams.map { stream in
            RedisCommand("XREVRANGE", keys.stream(stream), end?.description ?? "+", "-", "COUNT", String(count))
        }
        let replies = try await pipeline(commands)
        let events = zip(streams, replies).flatMap { stream, reply in
            (reply.array ?? []).compactMap { event($0, of: stream) }
        }
        return try await reveal(events.sorted { $0.id < $1.id }.suffix(count))
    }

    /// One event; nil where it is not in its stream any more.
    public func event(_ id: EventID, in stream: StreamKey) async throws(StoreError) -> RecordedEvent? {
        let reply = try await ask(
            RedisCommand("XRANGE", keys.stream(stream), id.description, id.description))
        guard let event = reply.array?.first.flatMap({ event($0, of: stream) }) else { return nil }
        return try await reveal([event]).first
    }

    /// Events by their ids alone, whatever streams they stand in, in one round trip; those that are in none any more
    /// are missing.
    public func events(_ ids: [EventID]) async throws(StoreError) -> [RecordedEvent] {
        if ids.isEmpty { return [] }
        let places = ids.flatMap { id in catalogue.streams.map { (id: id.description, stream: $0) } }
        let replies = try await ask(
            places.map { RedisCommand("XRANGE", keys.stream($0.stream), $0.id, $0.id) })
        let events = zip(places, replies).compactMap { place, reply in
            reply.array?.first.flatMap { event($0, of: place.stream) }
        }
        return try await reveal(events.sorted { $0.id < $1.id })
    }

    /// The events of one stream after a position, at most so many.
    func range(
        _ stream: StreamKey, after position: EventID, count: Int
    ) async throws(StoreError) -> [RecordedEvent] {
        let reply = try await ask(
            RedisCommand("XRANGE", keys.stream(stream), "(\(position)", "+", "COUNT", String(count)))
        return (reply.array ?? []).compactMap { event($0, of: stream) }
    }

    func event(_ entry: RedisValue, of stream: StreamKey) -> RecordedEvent? {
        guard let pair = entry.array, pair.count == 2, let fields = pair[1].array,
            let id = pair[0].buffer.flatMap({ EventID($0) })
        else { return nil }
        var name = ByteBuffer()
        var entity = ByteBuffer()
        var schema: ByteBuffer?
        var metadata: [(name: String, value: String)] = []
        for index in stride(from: 0, to: fields.count - 1, by: 2) {
            switch fields[index].string {
            case "event_id": name = fields[index + 1].buffer ?? ByteBuffer()
            case "entity": entity = fields[index + 1].buffer ?? ByteBuffer()
            case let field?:
                if field == "schema" { schema = fields[index + 1].buffer }
                metadata.append((field, fields[index + 1].string ?? ""))
            case nil: break
            }
        }
        let read = catalogue.read(entity, of: stream.topic, schema: schema)
        return RecordedEvent(
            id: id, stream: stream, name: name, entity: read.text, metadata: metadata, isNewer: read.isNewer)
    }
}
