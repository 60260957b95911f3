import EventStore
import HandlerRuntime
import JSON

/// One event on its way to one webhook, or at the way's end.
struct Delivery: Sendable {
    enum Status: String, Sendable, CaseIterable {
        /// It is tried again.
        case waiting
        case delivered
        case failed
    }

    let event: EventID
    let stream: StreamKey
    let entity: EntityKey
    var status = Status.waiting
    var attempts = 0
    /// In unix seconds.
    var firstTried: Int64?
    var lastTried: Int64?
    /// When to try again, in unix milliseconds.
    var due: Int64 = 0
    var answer = DeliveryAnswer()
    /// The event as it was read, as long as it has not been kept back.
    var read: RecordedEvent?
    /// Somebody asked for it, and it is not tried again.
    var isOnce = false

    init(_ event: RecordedEvent) {
        (self.event, stream, entity, read) = (event.id, event.stream, event.entityKey, event)
    }

    /// Of an event that comes behind one that is kept back nothing is known but itself.
    mutating func keepBack() { read = nil }

    // MARK: Its record

    /// As clients see it, and as it is kept.
    func record(keepingExcerpt: Bool) -> String {
        var object = JSONObject([
            ("delivery", .string(event.description)), ("type", .string(stream.eventType)),
            ("entity", .string(entity.description)), ("message_id", .string(Message.id(of: event))),
            ("status", .string(status.rawValue)), ("attempts", .number(JSONNumber(Int64(attempts)))),
        ])
        object["first_tried_at"] = firstTried.map { .string(Self.text($0)) }
        object["last_tried_at"] = lastTried.map { .string(Self.text($0)) }
        if status == .waiting, due > 0 { object["due_at"] = .string(Self.text(due / 1_000)) }
        answer.write(to: &object, keepingExcerpt: keepingExcerpt)
        return JSONValue.object(object).text
    }

    init?(event: EventID, record: String) {
        guard let object = (try? JSONValue(parsing: Array(record.utf8)))?.object,
            let pattern = object["type"]?.string.flatMap({ EventPattern($0) }), let topic = pattern.topic,
            let action = pattern.action, let entity = object["entity"]?.string.flatMap({ EntityKey($0) })
        else { return nil }
        (self.event, stream, self.entity) = (event, StreamKey(Topic(topic), Action(action)), entity)
        status = object["status"]?.string.flatMap { Status(rawValue: $0) } ?? .waiting
        attempts = Int(object["attempts"]?.number?.int64 ?? 0)
        firstTried = Self.seconds(object["first_tried_at"])
        lastTried = Self.seconds(object["last_tried_at"])
        due = (Self.seconds(object["due_at"]) ?? 0) * 1_000
        answer = DeliveryAnswer(object)
    }

    private static func text(_ seconds: Int64) -> String {
        Moment(EventID(seconds: UInt64(max(0, seconds)), microseconds: 0)).text
    }

    private static func seconds(_ value: JSONValue?) -> Int64? {
        value?.string.flatMap { Moment($0) }.map { Int64($0.event.seconds) }
    }
}

/// What came of the last try.
struct DeliveryAnswer: Sendable, Equatable {
    /// The HTTP status; nil where there was no answer.
    var status: Int?
    /// The beginning of the answer's body.
    var excerpt: String?
    var milliseconds: Int64?
    /// Why it was not delivered.
    var reason: String?

    init() {}

    init(_ object: JSONObject) {
        status = object["response_status"]?.number?.int64.map(Int.init)
        excerpt = object["response_excerpt"]?.string
        milliseconds = object["duration_ms"]?.number?.int64
        reason = object["reason"]?.string
    }

    /// - Parameter keepingExcerpt: false where what a receiver says back may tell of a person.
    func write(to object: inout JSONObject, keepingExcerpt: Bool) {
        object["response_status"] = status.map { .number(JSONNumber(Int64($0))) }
        if keepingExcerpt { object["response_excerpt"] = excerpt.map { .string($0) } }
        object["duration_ms"] = milliseconds.map { .number(JSONNumber($0)) }
        object["reason"] = reason.map { .string($0) }
    }
}
