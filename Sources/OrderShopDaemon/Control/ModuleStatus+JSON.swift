import EventStore
import HandlerRuntime
import JSON

extension ModuleStatus {
    /// As `module.list` shows it.
    var json: JSONValue { .object(members) }

    var members: JSONObject {
        var object = JSONObject([
            ("name", .string(name)), ("summary", .string(summary)), ("enabled", .bool(isEnabled)),
            ("state", .string(state.name)), ("lag", .count(lag)), ("parked", .count(parked)),
            ("handled", .count(handled)),
        ])
        if let lag, lag >= Store.lagLimit { object["lag_at_least"] = true }
        if rate >= 1 { object["rate"] = .count(Int(rate)) }
        switch state {
        case .backingOff(let reason, let until):
            object["error"] = .string(reason)
            object["retry_in"] = .seconds(until - .now)
        case .failed(let reason): object["error"] = .string(reason)
        case .standby(let owner?): object["owner"] = .string(owner)
        case .starting, .running, .catchingUp, .replaying, .disabled, .standby(nil), .stopped: break
        }
        return object
    }

    /// Whether somebody should look at it.
    var isInTrouble: Bool {
        switch state {
        case .backingOff, .failed: true
        case .starting, .running, .catchingUp, .replaying, .disabled, .standby, .stopped: false
        }
    }
}

extension JSONValue {
    static func count(_ count: Int?) -> JSONValue { count.map { .number(JSONNumber(Int64($0))) } ?? .null }

    /// A duration in seconds, to the tenth.
    static func seconds(_ duration: Duration) -> JSONValue {
        .number(JSONNumber(unscaled: max(0, Int64(duration / .milliseconds(100))), fractionDigits: 1))
    }

    /// The moment of an event, as RFC 3339.
    static func time(_ event: EventID) -> JSONValue { .string(Moment(event).text) }
    static func time(unix seconds: Int64) -> JSONValue {
        .string(Moment(EventID(seconds: UInt64(max(0, seconds)), microseconds: 0)).text)
    }
}
