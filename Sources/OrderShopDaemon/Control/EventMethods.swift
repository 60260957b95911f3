import EventStore
import HandlerRuntime
import JSON
import NIOCore

/// `event.…` and `entity.…`: what happened.
extension ControlMethod {
    static func events(_ history: History) -> [ControlMethod] {
        let limit = Field("limit", .integer(1...1_000), required: false, "at most so many; 100")
        let entity = Field("entity", .entityKey, "the entity, as TOPIC:ID")
        return [
            ControlMethod(
                "event.list", "Events in the order of the shop: those behind a place, or the last ones.",
                EventFilter.fields + [
                    Field("after", .moment, required: false, "only those behind this place"),
                    Field("before", .moment, required: false, "only those up to this place"),
                    Field("last", .boolean, required: false, "the last ones, still in order"), limit,
                ], returns: .objects
            ) { parameters throws(Refusal) in
                let filter = try EventFilter(parameters, history.store)
                let (after, before) = (parameters.moment("after"), parameters.moment("before"))
                let count = Int(parameters["limit"]?.number?.int64 ?? 100)
                let found =
                    parameters["last"] == true
                    ? try await history.last(filter, after: after, before: before, count: count)
                    : try await history.next(filter, after: after, before: before, count: count)
                return .array(found.map { .object($0.json) })
            },
            ControlMethod(
                "entity.history", "The events of one entity, in order.",
                [entity, Field("after", .moment, required: false, "only those behind this place"), limit],
                returns: .objects
            ) { parameters throws(Refusal) in
                let events = try await history.events(
                    of: try parameters.entity(in: history.store), after: parameters.moment("after"), before: nil,
                    count: Int(parameters["limit"]?.number?.int64 ?? 100))
                return .array(events.map { .object($0.json) })
            },
            ControlMethod(
                "entity.state", "An entity as it is, or as it was at some time.",
                [entity, Field("at", .moment, required: false, "when; now")],
                returns: .any([("type", ["object", "null"])])
            ) { parameters throws(Refusal) in
                let key = try parameters.entity(in: history.store)
                let events = try await history.events(
                    of: key, after: nil, before: parameters.moment("at"), count: .max)
                guard let last = events.last, last.stream.action != .deleted else { return .null }
                return last.decoded().map { .object($0) } ?? .null
            },
        ]
    }
}

extension JSONObject {
    fileprivate func moment(_ name: String) -> EventID? { self[name]?.string.flatMap { Moment($0) }?.event }

    fileprivate func entity(in store: Store) throws(Refusal) -> EntityKey {
        let text = text("entity")
        guard let key = EntityKey(text), store.topics.contains(where: { $0.topic == key.topic }) else {
            let known = store.topics.map(\.topic.name).joined(separator: ", ")
            throw Refusal([Violation("/entity", "must be of a topic that there is: \(known)")])
        }
        return key
    }
}

extension RecordedEvent {
    /// As `event.list` and `event.watch` tell of it.
    var json: JSONObject {
        JSONObject([
            ("id", .string("\(id)")), ("time", .time(id)), ("topic", .string(stream.topic.name)),
            ("action", .string(stream.action.name)), ("event_id", .string(eventID)),
            ("entity", decoded().map { .object($0) } ?? .string(String(buffer: entity))),
            ("metadata", .object(JSONObject(metadata.map { ($0.name, .string($0.value)) }))),
        ])
    }
}
