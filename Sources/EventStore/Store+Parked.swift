import Glibc
import Redis

/// Events that a module could not handle. They are kept in the order of the shop and, of each entity, in a queue:
/// what happens to an entity with parked events is parked behind them, so that its order holds.
extension Store {
    // MARK: Looking

    /// - Parameters:
    ///   - entity: only those of one entity.
    ///   - position: those behind it.
    public func parked(
        _ module: String, of entity: EntityKey? = nil, after position: EventID = .zero, count: Int = 100
    ) async throws(StoreError) -> [ParkedEvent] {
        let key = entity.map { keys.parkedQueue(module, $0) } ?? keys.parked(module)
        let reply = try await send(
            RedisCommand(
                "ZRANGE", key, "(\(position.score)", "+inf", "BYSCORE", "LIMIT", "0", String(count)))
        let ids = (reply.array ?? []).compactMap { $0.string.flatMap { EventID($0) } }
        return try await notes(ids, module).compactMap(\.self)
    }

    public func parked(_ module: String, _ event: EventID) async throws(StoreError) -> ParkedEvent? {
        try await notes([event], module).first ?? nil
    }

    public func parkedCount(_ module: String, of entity: EntityKey? = nil) async throws(StoreError) -> Int {
        let key = entity.map { keys.parkedQueue(module, $0) } ?? keys.parked(module)
        return Int(try await send(RedisCommand("ZCARD", key)).int ?? 0)
    }

    /// Those of the entities that have parked events.
    public func entitiesParked(
        _ module: String, among entities: Set<EntityKey>
    ) async throws(StoreError) -> Set<EntityKey> {
        let list = Array(entities)
        let replies = try await pipeline(list.map { RedisCommand("EXISTS", keys.parkedQueue(module, $0)) })
        return Set(zip(list, replies).filter { $1.int == 1 }.map(\.0))
    }

    private func notes(_ ids: [EventID], _ module: String) async throws(StoreError) -> [ParkedEvent?] {
        if ids.isEmpty { return [] }
        let replies = try await pipeline(ids.map { RedisCommand("HGETALL", keys.parkedNote(module, $0)) })
        return zip(ids, replies).map { id, reply in
            ParkedEvent(id: id, Dictionary(reply.pairs.map { ($0.name, $0.value) }) { $1 })
        }
    }

    // MARK: Postponed ones

    /// Asks for those to be tried again that are due.
    public func askForDueRetries(_ module: String, at now: Int64) async throws(StoreError) {
        let due = keys.parkedDue(module)
        let found = try await send(
            RedisCommand("ZRANGE", due, "-inf", String(now), "BYSCORE", "LIMIT", "0", "100"))
        let entities = (found.array ?? []).compactMap { $0.string.flatMap { EntityKey($0) } }
        try await askForRetry(module, entities)
        // They stay in it until it is known what came of it: the process may end before that.
        let later = String(now + Self.patienceWithRetries)
        _ = try await pipeline(entities.map { RedisCommand("ZADD", due, "XX", later, $0.description) })
    }

    /// For so long, in milliseconds, a retry may take before another may be begun.
    private static let patienceWithRetries: Int64 = 300_000

    /// Nothing of the entity is parked any more.
    public func endDue(_ module: String, of entity: EntityKey) async throws(StoreError) {
        _ = try await send(RedisCommand("ZREM", keys.parkedDue(module), entity.description))
    }

    // MARK: Asking for more tries

    /// Asks whoever handles the module's events to try the entity's parked ones again.
    public func askForRetry(_ module: String, _ entities: [EntityKey]) async throws(StoreError) {
        if entities.isEmpty { return }
        _ = try await send(
            RedisCommand("SADD", arguments: [keys.parkedRetries(module)] + entities.map(\.description)))
    }

    /// Asks for all that is parked to be tried again.
    public func askForAllRetries(_ module: String) async throws(StoreError) {
        var position: EventID? = .zero
        while let start = position {
            let page = try await parked(module, after: start, count: 1_000)
            try await askForRetry(module, Array(Set(page.map(\.entity))))
            position = page.count < 1_000 ? nil : page.last?.id
        }
    }

    /// Waits until nothing is left to be tried again, for some seconds at most.
    /// - Returns: how many events are parked then.
    public func parkedWhenRetried(_ module: String) async throws(StoreError) -> Int {
        let deadline = ContinuousClock.now + .seconds(5)
        while try await hasPendingRetries(module), .now < deadline {
            guard (try? await Task.sleep(for: .milliseconds(10))) != nil else { break }
        }
        return try await parkedCount(module)
    }

    /// Forgets a parked event.
    /// - Parameter isReleasing: whether those that wait behind it are to be handled now.
    /// - Returns: false if it is not parked any more.
    public func discard(
        _ event: ParkedEvent, of module: String, releasing isReleasing: Bool
    ) async throws(StoreError) -> Bool {
        var step = Transaction()
        step.unpark(event, for: module, in: self)
        if isReleasing { step.retryNext(of: event.entity, for: module, in: self) }
        if case .committed = try await transact(step) { return true }
        return false
    }

    /// Takes one of the entities that shall be tried again in hand. It is not taken twice: if the process ends while
    /// it is in hand, its events stay parked until somebody asks again.
    public func nextRetry(_ module: String) async throws(StoreError) -> EntityKey? {
        let (waiting, inHand) = (keys.parkedRetries(module), keys.parkedInHand(module))
        guard let entity = try await send(RedisCommand("SRANDMEMBER", waiting)).string else { return nil }
        _ = try await send(RedisCommand("SMOVE", waiting, inHand, entity))
        return EntityKey(entity)
    }

    /// Puts an entity down that was taken in hand.
    public func endRetry(_ module: String, of entity: EntityKey) async throws(StoreError) {
        _ = try await send(RedisCommand("SREM", keys.parkedInHand(module), entity.description))
    }

    /// Puts down what a former life had in hand.
    public func forgetRetries(_ module: String) async throws(StoreError) {
        _ = try await send(RedisCommand("DEL", keys.parkedInHand(module)))
    }

    /// Notes that a parked event was tried again in vain.
    /// - Parameter due: when it is to be tried again by itself, in unix milliseconds; nil: it is not.
    public func noteRetry(
        _ event: ParkedEvent, failed reason: String, due: Int64? = nil, module: String
    ) async throws(StoreError) {
        var step = Transaction(expectations: [.exists(key: keys.parkedNote(module, event.id), true)])
        var event = event
        (event.reason, event.tries, event.triedAt) = (reason, event.tries + 1, Int64(time(nil)))
        event.dueAt = due
        step.records = [
            ["HDEL", keys.parkedNote(module, event.id), "due_at"],
            ["HSET", keys.parkedNote(module, event.id)] + event.fields, event.schedule(for: module, keys),
        ]
        _ = try await transact(step)
    }

    private func hasPendingRetries(_ module: String) async throws(StoreError) -> Bool {
        try await send(RedisCommand("EXISTS", keys.parkedRetries(module), keys.parkedInHand(module))).int != 0
    }
}

// MARK: Steps

extension Transaction {
    /// Parks an event in this step.
    /// - Parameter isBehind: whether it waits behind another of its entity, which must still be there then.
    public mutating func park(_ event: ParkedEvent, for module: String, isBehind: Bool, in store: Store) {
        let keys = store.keys
        let queue = keys.parkedQueue(module, event.entity)
        if isBehind { expectations.append(.exists(key: queue, true)) }
        let (score, id) = (String(event.id.score), event.id.description)
        records += [
            ["ZADD", keys.parked(module), score, id], ["ZADD", queue, score, id],
            ["HSET", keys.parkedNote(module, event.id)] + event.fields,
        ]
        if event.dueAt != nil { records.append(event.schedule(for: module, keys)) }
    }

    /// Takes an event out of the parked ones in this step, provided that it is among them.
    public mutating func unpark(_ event: ParkedEvent, for module: String, in store: Store) {
        let keys = store.keys
        let id = event.id.description
        expectations.append(.exists(key: keys.parkedNote(module, event.id), true))
        records += [
            ["ZREM", keys.parked(module), id], ["ZREM", keys.parkedQueue(module, event.entity), id],
            ["DEL", keys.parkedNote(module, event.id)],
        ]
    }

    /// Asks for the rest of an entity's queue to be tried again, in this step.
    public mutating func retryNext(of entity: EntityKey, for module: String, in store: Store) {
        records.append(["SADD", store.keys.parkedRetries(module), entity.description])
    }
}

extension ParkedEvent {
    fileprivate var fields: [String] {
        var fields = [
            "stream", stream.description, "entity", entity.description, "tries", String(tries),
            "parked_at", String(parkedAt),
        ]
        if let reason { fields += ["reason", reason] }
        if let triedAt { fields += ["tried_at", String(triedAt)] }
        if let dueAt { fields += ["due_at", String(dueAt)] }
        return fields
    }

    /// Has it tried again when it is due, or not by itself.
    fileprivate func schedule(for module: String, _ keys: Keyspace) -> [String] {
        let due = keys.parkedDue(module)
        return dueAt.map { ["ZADD", due, String($0), entity.description] } ?? ["ZREM", due, entity.description]
    }

    fileprivate init?(id: EventID, _ fields: [String: String]) {
        guard let stream = fields["stream"].flatMap({ StreamKey(parsing: $0) }),
            let entity = fields["entity"].flatMap({ EntityKey($0) })
        else { return nil }
        self.init(
            id: id, stream: stream, entity: entity, reason: fields["reason"],
            tries: fields["tries"].flatMap { Int($0) } ?? 0,
            parkedAt: fields["parked_at"].flatMap { Int64($0) } ?? 0,
            triedAt: fields["tried_at"].flatMap { Int64($0) }, dueAt: fields["due_at"].flatMap { Int64($0) })
    }
}
