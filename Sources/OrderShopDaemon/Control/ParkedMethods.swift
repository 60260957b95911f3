import EventStore
import HandlerRuntime
import JSON
import NIOCore

/// `parked.…`: events that a module could not handle.
extension ControlMethod {
    static func parked(_ supervisor: Supervisor) -> [ControlMethod] {
        let module = Field("module", Schema.line(1...100).example("crm"), "the module's name")
        let event = Field("event", .eventID, "one event")
        let selection = [
            module, Field("event", .eventID, required: false, "one event"),
            Field("entity", .entityKey, required: false, "all of one entity, as TOPIC:ID"),
            Field("all", .boolean, required: false, "all of the module"),
        ]
        return [
            ControlMethod(
                "parked.list", "Events that a module could not handle, in order, with those that wait behind them.",
                [
                    module, Field("entity", .entityKey, required: false, "only those of one entity, as TOPIC:ID"),
                    Field("after", .eventID, required: false, "only those behind this one"),
                    Field("limit", .integer(1...1_000), required: false, "at most so many; 100"),
                ], returns: .objects
            ) { parameters throws(Refusal) in
                let list = try await supervisor.parked(
                    parameters.text("module"), of: EntityKey(parameters.text("entity")),
                    after: EventID(parameters.text("after")) ?? .zero,
                    count: Int(parameters["limit"]?.number?.int64 ?? 100))
                return .array(list.map { .object($0.json) })
            },
            ControlMethod("parked.show", "One of them, with the event itself.", [module, event]) {
                parameters throws(Refusal) in
                let found = try await supervisor.parked(
                    parameters.text("module"), EventID(parameters.text("event")) ?? .zero)
                var object = found.parked.json
                object["content"] = found.event.map { .string(String(buffer: $0.entity)) } ?? .null
                return .object(object)
            },
            ControlMethod(
                "parked.retry", "Handles parked events again, in the order of each entity.", selection,
                role: .operator
            ) { parameters throws(Refusal) in
                let (handled, left) = try await supervisor.retry(
                    parameters.text("module"), try Self.selection(parameters))
                return ["handled": .count(handled), "still_parked": .count(left)]
            },
            ControlMethod(
                "parked.discard", "Forgets parked events: they will not be handled.", selection, role: .operator
            ) { parameters throws(Refusal) in
                let count = try await supervisor.discard(parameters.text("module"), try Self.selection(parameters))
                return ["discarded": .count(count)]
            },
        ]
    }

    private static func selection(_ parameters: JSONObject) throws(Refusal) -> ParkedSelection {
        let event = EventID(parameters.text("event")).map { ParkedSelection.event($0) }
        let entity = EntityKey(parameters.text("entity")).map { ParkedSelection.entity($0) }
        let all: ParkedSelection? = parameters["all"] == true ? .all : nil
        let meant = [event, entity, all].compactMap(\.self)
        guard meant.count == 1 else {
            throw Refusal([Violation("", "must name one of event, entity, or all: true")])
        }
        return meant[0]
    }
}

extension ParkedEvent {
    fileprivate var json: JSONObject {
        var object = JSONObject([
            ("event", .string("\(id)")), ("stream", .string("\(stream)")), ("entity", .string("\(entity)")),
            ("tries", .count(tries)), ("parked_at", .time(unix: parkedAt)),
        ])
        if let triedAt { object["tried_at"] = .time(unix: triedAt) }
        if let dueAt { object["due_at"] = .time(unix: dueAt / 1_000) }
        object["reason"] = .string(reason ?? "waits behind another event of the same entity")
        return object
    }
}
