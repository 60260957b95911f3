import EventStore
import JSON
import NIOCore
import Redis
import Testing

extension NewEvent {
    /// An event about an entity with these members behind its id.
    static func thing(
        _ action: Action, _ id: String, _ members: String = "", before: String? = nil, topic: Topic = "thing"
    ) -> NewEvent {
        NewEvent(
            StreamKey(topic, action), entityID: id, entity: Array(entity(id, members).utf8),
            before: before.map { Array(entity(id, $0).utf8) })
    }

    static func note(_ action: Action, _ id: String) -> NewEvent { thing(action, id, topic: "note") }

    static func entity(_ id: String, _ members: String) -> String {
        #"{"id":"\#(id)"\#(members.isEmpty ? "" : ",")\#(members)}"#
    }
}

extension Store {
    /// Appends events that nothing stands against.
    @discardableResult
    func append(_ events: NewEvent..., sourceLocation: SourceLocation = #_sourceLocation) async throws -> [EventID]
    {
        let outcome = try await transact(Transaction(events: events))
        guard case .committed(let ids) = outcome else {
            Issue.record("not committed: \(outcome)", sourceLocation: sourceLocation)
            return []
        }
        return ids
    }

    /// The last id and the text of an entity; nil where there never was one.
    func state(_ id: String, topic: Topic = "thing") async throws -> EntityState? {
        try await load([.id(topic, id)])[0]
    }
}

extension EntityState {
    var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension RecordedEvent {
    var text: String { String(decoding: entity.readableBytesView, as: UTF8.self) }
}

extension RedisClient {
    @discardableResult
    func send(_ words: String...) async throws(RedisError) -> RedisValue {
        try await send(RedisCommand(words[0], arguments: words.dropFirst()))
    }

    func strings(_ words: String...) async throws -> [String] {
        try await send(RedisCommand(words[0], arguments: words.dropFirst())).array?.compactMap(\.string) ?? []
    }

    /// Every key with its serialised value: equal dumps are equal databases.
    func dump() async throws -> [String: RedisValue] {
        var dump: [String: RedisValue] = [:]
        for key in try await strings("KEYS", "*") { dump[key] = try await send("DUMP", key) }
        return dump
    }

    /// Writes an event as another program does.
    @discardableResult
    func foreign(_ action: String, _ id: String, at eventID: String, _ entity: String) async throws -> RedisValue {
        try await send(
            "XADD", "events:{thing}_\(action)", eventID, "event_id", UUIDText.random(), "entity",
            entity.hasPrefix("{") || entity.isEmpty ? entity : NewEvent.entity(id, entity))
    }

    /// The entity cache in words: key → its content.
    func cache(of topic: String = "thing") async throws -> [String: [String]] {
        var cache: [String: [String]] = [:]
        for key in try await strings("KEYS", "\(topic)_*") {
            switch try await send("TYPE", key).string {
            case "hash": cache[key] = try await strings("HGETALL", key)
            case "list": cache[key] = try await strings("LRANGE", key, "0", "-1")
            case "set": cache[key] = try await strings("SMEMBERS", key).sorted()
            case let type: cache[key] = ["a \(type ?? "nothing")"]
            }
        }
        return cache
    }
}
