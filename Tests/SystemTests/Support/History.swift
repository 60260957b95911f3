import JSON
import Redis

/// An entry of an event stream.
struct HistoryEvent: Sendable {
    /// The stream's name without the shop's prefix.
    let stream: String
    /// As Redis prints it: `<seconds>-<microseconds>`.
    let id: String
    let fields: [(name: String, value: String)]
    let entity: JSONValue

    init(stream: String, id: String, fields: [String]) throws {
        self.stream = stream
        self.id = id
        self.fields = stride(from: 0, to: fields.count, by: 2).map { (fields[$0], fields[$0 + 1]) }
        let text = self.fields.first { $0.name == "entity" }?.value ?? "null"
        entity = try JSONValue(parsing: text.utf8)
    }

    func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
    var eventID: String { field("event_id") ?? "" }
    /// The event that it came of.
    var cause: String? { field("cause") }
    var entityID: String { entity["id"]?.string ?? "" }

    /// The id as numbers, for sorting.
    var place: Place { Place(id) }

    struct Place: Comparable, Hashable {
        let seconds: Int
        let microseconds: Int

        init(_ id: String) {
            let parts = id.split(separator: "-").compactMap { Int($0) }
            (seconds, microseconds) = (parts.first ?? -1, parts.last ?? -1)
        }

        static func < (left: Place, right: Place) -> Bool {
            (left.seconds, left.microseconds) < (right.seconds, right.microseconds)
        }
    }
}

/// All events of a shop in the order of their ids, read by plain Redis commands.
struct History: Sendable {
    let events: [HistoryEvent]

    init(of shop: Shop) async throws { try await self.init(shop.redis, prefix: shop.prefix) }

    init(_ redis: RedisProbe, prefix: String = "") async throws {
        let streams = try await redis.keys("\(prefix)events:*")
        let replies = try await redis.pipeline(streams.map { RedisCommand("XRANGE", $0, "-", "+") })
        var events: [HistoryEvent] = []
        for (stream, reply) in zip(streams, replies) {
            for entry in reply.array ?? [] {
                guard let pair = entry.array, let id = pair[0].string, let fields = pair[1].array else { continue }
                events.append(
                    try HistoryEvent(
                        stream: String(stream.dropFirst(prefix.count)), id: id, fields: fields.compactMap(\.string))
                )
            }
        }
        self.events = events.sorted { $0.place < $1.place }
    }

    /// The events of one stream, `customer_created`.
    subscript(_ name: String) -> [HistoryEvent] {
        let parts = name.split(separator: "_")
        let stream = "events:{\(parts[0])}_\(parts[1])"
        return events.filter { $0.stream == stream }
    }

    /// The entities of a topic, as a replay of its events gives them, by id.
    func entities(_ topic: String) -> [String: JSONValue] {
        var entities: [String: JSONValue] = [:]
        for event in events where event.stream.hasPrefix("events:{\(topic)}") {
            if event.stream.hasSuffix("_deleted") {
                entities.removeValue(forKey: event.entityID)
            } else {
                entities[event.entityID] = event.entity
            }
        }
        return entities
    }
}

extension Shop {
    /// How long every stream is.
    func streamLengths() async throws -> [String: Int64] {
        let streams = try await redis.keys("\(prefix)events:*")
        let replies = try await redis.pipeline(streams.map { RedisCommand("XLEN", $0) })
        return Dictionary(uniqueKeysWithValues: zip(streams, replies.compactMap(\.int)))
    }
}
