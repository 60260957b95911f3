import EventStore
import HandlerRuntime
import JSON

/// Somebody who wants to be told of events. His secret does not stand here: what stands here, stands in events.
struct Webhook: Entity {
    static let definition = TopicDefinition(
        "webhook",
        actions: [.created, .updated, .deleted, .enabled, .disabled, .secretRotated])

    let id: ID<Webhook>
    var url: String
    /// `order.created`, `order.*` or `*`.
    var events: [String]
    var description: String
    var isEnabled: Bool
    /// Why the shop has disabled it by itself.
    var reason: String?

    init(id: ID<Webhook>, url: String, events: [String], description: String) {
        (self.id, self.url, self.events, self.description) = (id, url, events, description)
        isEnabled = true
    }

    init(id: ID<Webhook>, fields: Fields) throws(Fields.Mismatch) {
        self.id = id
        url = try fields.string("url")
        events = fields.object["events"]?.array?.compactMap(\.string) ?? []
        description = fields.object["description"]?.string ?? ""
        isEnabled = fields.object["enabled"] != false
        reason = fields.object["reason"]?.string
    }

    func write(to writer: inout JSONWriter) {
        writer.member("url", url)
        writer.key("events")
        writer.write(.array(events.map { .string($0) }))
        writer.member("description", description)
        writer.key("enabled")
        writer.write(.bool(isEnabled))
        if let reason { writer.member("reason", reason) }
    }

    /// What is kept of how far it is goes by this name, and so does its secret.
    var feed: String { Self.feed(id.text) }

    static func feed(_ id: String) -> String { "webhook:\(id)" }

    // MARK: Rules

    /// Whether it wants events of a stream.
    func wants(_ stream: StreamKey) -> Bool { events.contains { EventPattern($0)?.matches(stream) ?? false } }

    func enabled() -> Webhook {
        var webhook = self
        (webhook.isEnabled, webhook.reason) = (true, nil)
        return webhook
    }

    /// - Parameter reason: nil where somebody wants it so.
    func disabled(because reason: String?) -> Webhook {
        var webhook = self
        (webhook.isEnabled, webhook.reason) = (false, reason)
        return webhook
    }
}

extension Action {
    static let enabled: Action = "enabled"
    static let disabled: Action = "disabled"
    static let secretRotated: Action = "secret_rotated"
}

/// Which events are meant: `order.created`, `order.*` or `*`.
struct EventPattern: Sendable, Equatable {
    /// nil: any.
    let topic: String?
    let action: String?

    init?(_ text: String) {
        if text == "*" {
            (topic, action) = (nil, nil)
            return
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts.contains("") else { return nil }
        (topic, action) = (parts[0], parts[1] == "*" ? nil : parts[1])
    }

    func matches(_ stream: StreamKey) -> Bool {
        (topic ?? stream.topic.name) == stream.topic.name && (action ?? stream.action.name) == stream.action.name
    }
}

extension StreamKey {
    /// As webhooks name it: `order.created`.
    var eventType: String { "\(topic).\(action)" }
}
