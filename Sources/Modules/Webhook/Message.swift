import EventStore
import HandlerRuntime
import JSON
import NIOCore

/// What is sent to a webhook: Standard Webhooks, https://www.standardwebhooks.com.
struct Message: Sendable {
    /// The same at each try: a receiver tells a repeat by it.
    let id: String
    let body: [UInt8]

    /// `{type, timestamp, data: {event_id, revision, entity_id, correlation, entity}}`.
    init(_ event: RecordedEvent) {
        id = Self.id(of: event.id)
        var writer = JSONWriter(reserving: event.entity.readableBytes + 400)
        writer.object { writer in
            writer.member("type", event.stream.eventType)
            writer.member("timestamp", Moment(event.id).text)
            writer.key("data")
            writer.object { writer in
                writer.member("event_id", event.id.description)
                writer.member("entity_id", event.entityKey.id)
                writer.member("revision", event.id.description)
                writer.member("correlation", event.correlation)
                writer.key("entity")
                Self.write(event, to: &writer)
            }
        }
        body = writer.bytes
    }

    private static func write(_ event: RecordedEvent, to writer: inout JSONWriter) {
        if event.decoded() == nil {
            writer.string(String(buffer: event.entity))
        } else {
            writer.raw(event.entity.readableBytesView)
        }
    }

    /// One that tells of nothing, to see whether messages arrive.
    init(testing webhook: ID<Webhook>, at now: EventID = .now) {
        id = "msg_test_" + UUIDText.random()
        let data = JSONObject([("webhook_id", .string(webhook.text))])
        body =
            JSONValue.object([
                ("type", "webhook.test"), ("timestamp", .string(Moment(now).text)), ("data", .object(data)),
            ]).text.utf8.map(\.self)
    }

    static func id(of event: EventID) -> String { "msg_\(event)" }

    func headers(signedWith secret: WebhookSecret, at now: Int64) -> [String] {
        [
            "Content-Type: application/json", "User-Agent: OrderShop", "webhook-id: \(id)",
            "webhook-timestamp: \(now)", "webhook-signature: \(secret.signatures(of: body, id: id, at: now))",
        ]
    }
}

extension JSONValue {
    static func object(_ members: [(String, JSONValue)]) -> JSONValue { .object(JSONObject(members)) }
}
