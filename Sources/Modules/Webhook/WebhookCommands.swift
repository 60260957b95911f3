import Curl
import EventStore
import HandlerRuntime
import JSON

/// Who is told of what.
struct WebhookCommands: Sendable {
    private let rules: HTTPRules
    private let sources: [StreamKey]
    private let entity = EntityCommands<Webhook>("webhook", plural: "webhooks", fields: Self.fields)

    init(rules: HTTPRules, sources: [StreamKey]) { (self.rules, self.sources) = (rules, sources) }

    var definitions: [CommandDefinition] {
        [create, entity.get, entity.list, update, delete, enable, disable, rotate]
    }

    static let fields = [
        Field("url", .line(1...2_000), "where to send: https://HOST/PATH"),
        Field("events", .array(of: .line(1...100), count: 1...100), "of what: order.created, order.* or *"),
        Field("description", .line(0...500), required: false, "what it is for"),
    ]
    private static let secret = Field(
        "secret", .line(1...200), required: false,
        "what to sign with: whsec_ and the base64 of 24 to 64 bytes; none: one is made")

    // MARK: Which there are

    private var create: CommandDefinition {
        .change(
            "webhook.create", "Creates a webhook. The result has its secret, which is not shown again.",
            Self.fields + [Self.secret], returns: .object([Field("id", .uuid), Field("secret", .line(1...200))]),
            http: [HTTPBinding(.post, "/webhooks", body: .object)]
        ) { parameters, unit throws(Refusal) in
            let secret = try chosenSecret(parameters)
            let webhook = try read(.random(), parameters)
            let count = try await unit.ids(in: WebhookModule.index, value: "", before: .now).count
            guard count < WebhookModule.most else {
                throw Refusal([Violation("", "there are \(count) webhooks, and no more can be: delete one first")])
            }
            unit.create(webhook)
            unit.keep(secret: WebhookSecret(secret).stored, of: webhook.feed)
            unit.note(["created": "1"], ofFeed: webhook.feed)
            return .object([("id", .string(webhook.id.text)), ("secret", .string(secret))])
        }
    }

    private var update: CommandDefinition {
        .change(
            "webhook.update", "Replaces the address, the events and the description of one webhook.",
            [entity.id] + Self.fields, returns: .boolean,
            http: [HTTPBinding(.put, "/webhook/{id}", body: .object)]
        ) { parameters, unit throws(Refusal) in
            var webhook = try await entity.existing(parameters, in: unit)
            let given = try read(webhook.id, parameters)
            (webhook.url, webhook.events, webhook.description) = (given.url, given.events, given.description)
            unit.update(webhook)
            return true
        }
    }

    private var delete: CommandDefinition {
        entity.delete { (webhook, unit) throws(Refusal) in
            unit.keep(secret: nil, of: webhook.feed)
            unit.closeFeed(webhook.feed)
        }
    }

    private func read(_ id: ID<Webhook>, _ parameters: JSONObject) throws(Refusal) -> Webhook {
        let url = parameters["url"]?.string ?? ""
        let events = parameters["events"]?.array?.compactMap(\.string) ?? []
        var violations: [Violation] = []
        if let problem = WebhookURL.problem(url, rules) { violations.append(Violation("/url", problem)) }
        for (index, text) in events.enumerated() where !isKnown(text) {
            violations.append(Violation("/events/\(index)", "must be * or of an event that there is: \(known)"))
        }
        if !violations.isEmpty { throw Refusal(violations) }
        return Webhook(id: id, url: url, events: events, description: parameters["description"]?.string ?? "")
    }

    private func isKnown(_ text: String) -> Bool {
        guard let pattern = EventPattern(text) else { return false }
        return sources.contains { pattern.matches($0) }
    }

    private var known: String {
        Set(sources.map { "\($0.topic).*" }).sorted().joined(separator: ", ")
            + " or one such as \(sources.first?.eventType ?? "order.created")"
    }

    private func chosenSecret(_ parameters: JSONObject) throws(Refusal) -> String {
        guard let secret = parameters["secret"]?.string else { return WebhookSecret.random() }
        guard WebhookSecret.isValid(secret) else {
            throw Refusal([Violation("/secret", "must be whsec_ and the base64 of 24 to 64 bytes")])
        }
        return secret
    }

    // MARK: On and off

    private var enable: CommandDefinition {
        .change(
            "webhook.enable", "Enables a webhook. What happened meanwhile is delivered, unless it is skipped.",
            [
                entity.id,
                Field(
                    "skip", .boolean, required: false, "true: what happened up to now is not delivered any more"),
            ], returns: .boolean, http: [HTTPBinding(.post, "/webhook/{id}/enable", body: .optionalObject)]
        ) { parameters, unit throws(Refusal) in
            let webhook = try await entity.existing(parameters, in: unit)
            let isSkipping = parameters["skip"] == true
            if webhook.isEnabled, !isSkipping { return false }
            unit.append(.enabled, webhook.enabled())
            var notes = Dictionary(uniqueKeysWithValues: WebhookHealth.noteNames.map { ($0, String?.none) })
            if isSkipping { notes["skip"] = "1" }
            unit.note(notes, ofFeed: webhook.feed)
            return true
        }
    }

    private var disable: CommandDefinition {
        .change(
            "webhook.disable", "Disables a webhook. What happens meanwhile waits for it in the streams.",
            [entity.id], returns: .boolean, http: [HTTPBinding(.post, "/webhook/{id}/disable")]
        ) { parameters, unit throws(Refusal) in
            let webhook = try await entity.existing(parameters, in: unit)
            guard webhook.isEnabled else { return false }
            unit.append(.disabled, webhook.disabled(because: nil))
            return true
        }
    }

    private var rotate: CommandDefinition {
        .change(
            "webhook.rotate",
            "Gives a webhook another secret, which is the result. The one before signs as well for a day.",
            [entity.id, Self.secret], returns: .object([Field("secret", .line(1...200))]),
            http: [HTTPBinding(.post, "/webhook/{id}/rotate", body: .optionalObject)]
        ) { parameters, unit throws(Refusal) in
            let webhook = try await entity.existing(parameters, in: unit)
            let new = try chosenSecret(parameters)
            let old = WebhookSecret(stored: try await unit.secret(of: webhook.feed))
            let now = Wall.milliseconds / 1_000
            unit.keep(secret: (old?.rotated(to: new, at: now) ?? WebhookSecret(new)).stored, of: webhook.feed)
            unit.append(.secretRotated, webhook)
            return .object([("secret", .string(new))])
        }
    }
}
