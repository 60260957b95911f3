public import EventStore
public import JSON
import NIOCore

extension RecordedEvent {
    /// The event as all answers tell of it.
    public var json: JSONObject {
        var json = JSONObject([
            ("id", .string("\(id)")), ("time", .string(Moment(id).text)), ("topic", .string(stream.topic.name)),
            ("action", .string(stream.action.name)), ("event_id", .string(eventID)),
            ("entity", decoded().map { .object($0) } ?? .string(String(buffer: entity))),
            ("correlation", .string(correlation)),
        ])
        json["by"] = author
        json["metadata"] = .object(JSONObject(metadata.map { ($0.name, .string($0.value)) }))
        return json
    }

    public func metadata(_ name: String) -> String? { metadata.first { $0.name == name }?.value }

    /// What joins all events that came of one command. Only what does not follow from the rest stands in the event.
    public var correlation: String { metadata("correlation") ?? metadata("cause") ?? id.description }

    /// Who made it happen; nil for events of other programs, and of versions that did not note it.
    public var author: JSONValue? {
        if let uid = metadata("uid") { return ["uid": .string(uid)] }
        if let module = metadata("module") { return ["module": .string(module)] }
        if metadata("cause") != nil { return nil }
        return metadata("correlation").map { ["request": .string($0)] }
    }
}
