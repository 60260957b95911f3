import EventStore
import HandlerRuntime
import JSON
import Traces

/// What happened, as a tree: each event below what caused it, with the spans where there are some.
struct Story {
    let subject: String
    /// In the order of the shop.
    let events: [RecordedEvent]
    let spans: [RecordedSpan]
    /// Whether all was found that belongs to it.
    let isWhole: Bool

    /// One line of the tree.
    struct Step: Sendable {
        enum Kind: String, Sendable {
            /// Whose span is not known: the events say that there was one.
            case request
            case event
            case span
        }

        let kind: Kind
        let name: String
        /// In microseconds since 1970.
        let start: UInt64
        /// In microseconds; nil: not known, as nothing was recorded.
        var duration: UInt64?
        var details: [(name: String, value: JSONValue)] = []
        var steps: [Step] = []
    }

    /// The requests, or whatever else it began with, each with all that came of it.
    var steps: [Step] { StoryTree(self).steps }

    var json: JSONValue {
        [
            "subject": .string(subject), "is_whole": .bool(isWhole),
            "traces": .array(traces.map { .string($0) }),
            "steps": .array(steps.map { .object($0.json(from: $0.start)) }),
        ]
    }

    /// In the order in which they began.
    private var traces: [String] {
        var seen: Set<TraceID> = []
        let all = events.compactMap { $0.trace?.trace } + spans.map(\.context.trace)
        return all.filter { seen.insert($0).inserted }.map(\.description)
    }
}

extension Story.Step {
    /// - Parameter beginning: of the first step above it, in microseconds since 1970.
    func json(from beginning: UInt64) -> JSONObject {
        var json = JSONObject([
            ("kind", .string(kind.rawValue)), ("name", .string(name)), ("time", .string(Self.time(start))),
            ("offset_us", .number(JSONNumber(Int64(clamping: start) - Int64(clamping: beginning)))),
        ])
        json["duration_us"] = duration.map { .number(JSONNumber(Int64(clamping: $0))) }
        for detail in details { json[detail.name] = detail.value }
        if !steps.isEmpty { json["steps"] = .array(steps.map { .object($0.json(from: beginning)) }) }
        return json
    }

    /// `2026-01-31T12:00:00.123456Z`.
    private static func time(_ microseconds: UInt64) -> String {
        let (seconds, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        let digits = String(rest)
        return Moment(EventID(seconds: seconds, microseconds: 0)).text.dropLast() + "."
            + String(repeating: "0", count: 6 - digits.count) + digits + "Z"
    }
}

extension Story {
    /// What `trace.get` answers.
    static let schema: Schema = {
        let step: JSONValue = [
            "type": "object",
            "properties": [
                "kind": ["enum": ["request", "event", "span"]], "name": ["type": "string"],
                "time": ["type": "string", "format": "date-time"], "offset_us": ["type": "integer"],
                "duration_us": ["type": "integer", "minimum": 0], "event": ["type": "string"],
                "entity": ["type": "string"], "by": ["type": "object"], "module": ["type": "string"],
                "span": ["type": "string"], "request": ["type": "string"], "error": ["type": "string"],
                "steps": ["type": "array", "items": ["type": "object"]],
            ],
            "required": ["kind", "name", "time", "offset_us"],
        ]
        return .any([
            ("type", "object"),
            (
                "properties",
                [
                    "subject": ["type": "string"], "is_whole": ["type": "boolean"],
                    "traces": ["type": "array", "items": ["type": "string"]],
                    "steps": ["type": "array", "items": step],
                ]
            ),
            ("required", ["subject", "is_whole", "traces", "steps"]),
        ])
    }()
}
