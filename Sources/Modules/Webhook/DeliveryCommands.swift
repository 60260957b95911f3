import EventStore
import HandlerRuntime
import JSON

/// What was delivered, and what was not.
struct DeliveryCommands: Sendable {
    let courier: Courier
    private let entity = EntityCommands<Webhook>("webhook", plural: "webhooks", fields: WebhookCommands.fields)

    init(courier: Courier) { self.courier = courier }

    var definitions: [CommandDefinition] {
        [status, deliveries, redeliver.refusing(.conflict), test]
    }

    // MARK: Looking

    private var status: CommandDefinition {
        .query(
            "webhook.status",
            "How a webhook is doing: since when it fails, until when it is left alone, what waits.",
            [entity.id],
            returns: .any([
                ("type", "object"),
                (
                    "properties",
                    [
                        "held": ["type": "integer"], "behind": ["type": "integer"],
                        "failing_since": ["type": "string"],
                        "paused_until": ["type": "string"], "last_delivered_at": ["type": "string"],
                        "last_tested_at": ["type": "string"],
                        "position": ["type": "string"],
                    ]
                ), ("required", ["held", "behind"]),
            ]), http: [HTTPBinding(.get, "/webhook/{id}/status")]
        ) { parameters, store throws(Refusal) in
            let id = try await Self.existing(parameters, store)
            do throws(StoreError) {
                guard let found = try await store.feedNotes([Webhook.feed(id)])[0] else {
                    return .value(["held": 0, "behind": 0])
                }
                let behind = try await store.lag(of: Array(found.positions.keys), behind: found.positions)
                return .value(
                    Self.status(
                        found.notes, held: found.held, behind: behind.values.reduce(0, +),
                        found.positions.values.max()))
            } catch { throw Refusal(error) }
        }
    }

    private static func status(
        _ notes: [String: String], held: Int, behind: Int, _ position: EventID?
    ) -> JSONValue {
        let health = WebhookHealth(notes)
        var object = JSONObject([
            ("held", .number(JSONNumber(Int64(held)))), ("behind", .number(JSONNumber(Int64(behind)))),
        ])
        object["failing_since"] = health.failingSince.map(time)
        object["paused_until"] = health.pausedUntil > Wall.milliseconds ? time(health.pausedUntil) : nil
        object["last_tested_at"] = notes["last_tested"].flatMap { Int64($0) }.map(time)
        object["last_delivered_at"] = health.lastDelivered.map(time)
        object["position"] = position.map { .string($0.description) }
        return .object(object)
    }

    private static func time(_ milliseconds: Int64) -> JSONValue {
        .string(Moment(EventID(seconds: UInt64(max(0, milliseconds)) / 1_000, microseconds: 0)).text)
    }

    private var deliveries: CommandDefinition {
        .query(
            "webhook.deliveries",
            "What waits for a webhook, first events first, then what has ended, last ends first.",
            [
                entity.id,
                Field(
                    "status", .word(of: Delivery.Status.allCases.map(\.rawValue)), required: false,
                    "only those"),
                Field("limit", .integer(1...1_000), required: false, "at most so many; 100 unless given"),
            ],
            returns: .any([("type", "array"), ("items", Self.item)]),
            http: [HTTPBinding(.get, "/webhook/{id}/deliveries")]
        ) { parameters, store throws(Refusal) in
            let id = try await Self.existing(parameters, store)
            let entries: (held: [Feed.Entry], ended: [Feed.Entry])
            do throws(StoreError) { entries = try await store.feedEntries(Webhook.feed(id)) } catch {
                throw Refusal(error)
            }
            let records = (entries.held + entries.ended).compactMap {
                try? JSONValue(parsing: Array($0.record.utf8))
            }
            let status = parameters["status"]?.string
            let wanted = records.filter { status == nil || $0["status"]?.string == status }
            return .value(.array(Array(wanted.prefix(Int(parameters["limit"]?.number?.int64 ?? 100)))))
        }
    }

    private static let item: JSONValue = [
        "type": "object",
        "properties": [
            "delivery": ["type": "string"], "type": ["type": "string"], "entity": ["type": "string"],
            "status": ["enum": ["waiting", "delivered", "failed"]], "attempts": ["type": "integer"],
            "response_status": ["type": "integer"], "response_excerpt": ["type": "string"],
            "duration_ms": ["type": "integer"], "reason": ["type": "string"],
        ],
        "required": ["delivery", "type", "entity", "status", "attempts"],
    ]

    private static func existing(_ parameters: JSONObject, _ store: Store) async throws(Refusal) -> String {
        let id = parameters["id"]?.string ?? ""
        let states: [EntityState?]
        do { states = try await store.load([.id(Webhook.topic, id)]) } catch { throw Refusal(error) }
        guard let state = states.first ?? nil, state.exists else {
            throw Refusal(
                .notFound, "there is no webhook \(id.prefix(100)): webhook.list has those that there are",
                details: JSONObject([("entity", .string("webhook:\(id.prefix(200))"))]))
        }
        return id
    }

    // MARK: Doing

    private var redeliver: CommandDefinition {
        .change(
            "webhook.redeliver",
            "Delivers an event once more under the same webhook-id, or at once where it waits for another try.",
            [entity.id, Field("delivery", .line(1...100), "what webhook.deliveries calls it")], returns: .boolean,
            http: [HTTPBinding(.post, "/webhook/{id}/deliveries/{delivery}/redeliver")]
        ) { parameters, unit throws(Refusal) in
            let webhook = try await entity.existing(parameters, in: unit)
            let name = parameters["delivery"]?.string ?? ""
            guard webhook.isEnabled else {
                throw Refusal(.conflict, "the webhook is disabled: enable it first, with webhook.enable")
            }
            guard let event = EventID(name), try await unit.entry(of: event, inFeed: webhook.feed) != nil else {
                throw Refusal(
                    .notFound,
                    "there is no delivery \(name.prefix(100)): webhook.deliveries has those that are known")
            }
            unit.wish(for: event, ofFeed: webhook.feed)
            return true
        }
    }

    private var test: CommandDefinition {
        .change(
            "webhook.test",
            "Sends a message of the type webhook.test to a webhook, once, and tells what came of it.",
            [entity.id],
            returns: .any([
                ("type", "object"),
                (
                    "properties",
                    [
                        "delivered": ["type": "boolean"], "response_status": ["type": "integer"],
                        "response_excerpt": ["type": "string"], "duration_ms": ["type": "integer"],
                        "reason": ["type": "string"],
                    ]
                ), ("required", ["delivered"]),
            ]), http: [HTTPBinding(.post, "/webhook/{id}/test")]
        ) { parameters, unit throws(Refusal) in
            let webhook = try await entity.existing(parameters, in: unit)
            unit.note(["last_tested": String(Wall.milliseconds)], ofFeed: webhook.feed)
            guard let secret = WebhookSecret(stored: try await unit.secret(of: webhook.feed)) else {
                var answer = DeliveryAnswer()
                answer.reason = "the webhook's secret is gone: give it another, with webhook.rotate"
                return Self.told(answer, isDelivered: false)
            }
            let message = Message(testing: webhook.id)
            guard let attempt = await courier.send(message, to: webhook, signedWith: secret) else {
                throw Refusal(.unavailable, "the module webhook is being stopped")
            }
            return try Self.told(attempt)
        }
    }

    private static func told(_ attempt: Attempt) throws(Refusal) -> JSONValue {
        switch attempt {
        case .delivered(let answer): told(answer, isDelivered: true)
        case .failed(let answer, _), .gone(let answer), .hopeless(let answer): told(answer, isDelivered: false)
        case .undone: throw Refusal(.unavailable, "the message was broken off")
        }
    }

    private static func told(_ answer: DeliveryAnswer, isDelivered: Bool) -> JSONValue {
        var object = JSONObject([("delivered", .bool(isDelivered))])
        answer.write(to: &object, keepingExcerpt: true)
        return .object(object)
    }
}
