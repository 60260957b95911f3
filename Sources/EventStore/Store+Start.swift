import Logging
import NIOCore
import JSON
import Redis
import Synchronization

extension Store {
    /// Makes the store ready for use: checks that the streams are streams, starts the clock, and takes in events
    /// that another program wrote before. Costs two round trips where nothing is to be done.
    public func open() async throws(StoreError) {
        try await checkTypes()
        knownLookupKey.withLock { $0 = nil }
        let replies = try await pipeline(
            [RedisCommand("GET", keys.clock), RedisCommand("EXISTS", keys.adopting)] + readModelQuestions)
        // Whoever has not the shop's clock has nothing of ours: what is made of the events is made now, and whole.
        try await noteReadModels(replies.dropFirst(2), isNew: replies[0].isNull)
        if !replies[0].isNull, replies[1].int == 0 {
            _ = try await compare()
            return
        }
        let (last, seen) = (try await lastID(), seen.withLock(\.self))
        if replies[0].isNull, seen > last { note(DataLoss(kept: last, lost: seen)) }
        _ = try await pipeline([
            RedisCommand("SET", keys.adopting, "1"),
            RedisCommand("SET", keys.clock, max(last, seen).description, "NX"),
        ])
        if last > .zero { try await adoptAll() }
        _ = try await send(RedisCommand("DEL", keys.adopting))
        _ = try await compare()
    }

    private func checkTypes() async throws(StoreError) {
        let streams = catalogue.streams
        let types = try await pipeline(streams.map { RedisCommand("TYPE", keys.stream($0)) })
        for (stream, type) in zip(streams, types) where type.string != "stream" && type.string != "none" {
            throw StoreError(
                .foreignKey,
                "the key \(keys.stream(stream)) holds a \(type.string ?? "?"), but must be a stream: "
                    + "is this the Redis, the database and the shop that you meant?")
        }
    }

    private func lastID() async throws(StoreError) -> EventID {
        var last = try await retentionCut() ?? .zero
        let commands = catalogue.streams.map {
            RedisCommand("XREVRANGE", keys.stream($0), "+", "-", "COUNT", "1")
        }
        for reply in try await pipeline(commands) {
            let id = reply.array?.first?.array?.first?.string.flatMap { EventID($0) }
            last = max(last, id ?? .zero)
        }
        return last
    }

    func adoptAll() async throws(StoreError) {
        logger.notice("taking in the events that another program wrote")
        try await adoptSnapshots()
        var positions: [StreamKey: EventID] = [:]
        var count = 0
        while true {
            let batch = try await read(catalogue.streams, after: positions, count: 500)
            if batch.events.isEmpty { break }
            try await adopt(batch.events)
            positions = batch.positions
            count += batch.events.count
        }
        try await skip(to: positions)
        logger.notice("took in foreign events", metadata: ["events": "\(count)"])
    }

    /// What there was to do about those events the other program has done: nobody gets his mails twice.
    private func skip(to positions: [StreamKey: EventID]) async throws(StoreError) {
        let commands = catalogue.handlers.flatMap { module, streams in
            streams.compactMap { stream in
                positions[stream].map {
                    RedisCommand("HSETNX", keys.checkpoint(module), keys.stream(stream), $0.description)
                }
            }
        }
        _ = try await pipeline(commands)
    }

    /// Brings revisions and read models up to events that stand in their streams but were not appended by a
    /// store. Events that are known already are passed over. Nothing is done where a stream does not have the last of its
    /// events: Redis came back with less than was read from it, or is another one after a fail-over.
    public func adopt(_ events: [RecordedEvent]) async throws(StoreError) {
        let named = events.map(current).compactMap { event in event.decoded()?["id"]?.string.map { (event, $0) } }
        let references = named.map { EntityReference.id($0.0.stream.topic, $0.1) }
        var states: [EntityReference: (revision: EventID, entity: [UInt8]?)] = [:]
        for (reference, state) in zip(references, try await load(references)) {
            guard let state else { continue }
            states[reference] = (state.revision, state.exists ? state.storedBytes : nil)
        }
        var transaction = Transaction()
        for ((event, id), reference) in zip(named, references) {
            if let known = states[reference]?.revision, known >= event.id { continue }
            let entity = Array(event.entity.readableBytesView)
            let change = NewEvent(
                event.stream, entityID: id, eventID: event.eventID, entity: entity,
                before: states[reference]?.entity)
            transaction.adopted.append((event, change))
            states[reference] = (event.id, event.stream.action == .deleted ? nil : entity)
        }
        if transaction.adopted.isEmpty { return }
        var last: [StreamKey: EventID] = [:]
        for (event, _) in transaction.adopted { last[event.stream] = max(last[event.stream] ?? .zero, event.id) }
        transaction.expectations = last.map { .recorded($0.value, in: $0.key) }
        _ = try await transact(transaction)
    }
}
