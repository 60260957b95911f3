import EventStore
import JSON

extension ReadModelStanding {
    /// Only while something is missing: nobody asks otherwise.
    var json: JSONValue {
        [
            "building": .array(missing.sorted().map { .string($0) }), "events": .number(JSONNumber(Int64(events))),
            "waiting_for": .array(obstacles.map { .string($0) }),
        ]
    }
}
