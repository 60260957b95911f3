import ArgumentParser
import JSON

struct Webhooks: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "webhook", abstract: "Who is told of events by HTTP.",
        subcommands: [
            ListEntities<Noun>.self, GetEntity<Noun>.self, CreateEntity<Noun>.self, UpdateEntity<Noun>.self,
            DeleteEntity<Noun>.self, EnableWebhook.self, DisableWebhook.self, RotateSecret.self, TestWebhook.self,
            WebhookStatus.self, Deliveries.self, Redeliver.self,
        ])

    @OptionGroup var connection: ConnectionOptions

    enum Noun: EntityNoun {
        static let name = "webhook"
        static let plural = "webhooks"
        typealias Fields = WebhookFields
    }
}

struct WebhookFields: EntityFields {
    @Argument(help: "Where to send: https://HOST/PATH.") var url: String
    @Option(
        name: .customLong("event"),
        help: ArgumentHelp("Of what: order.created, 'order.*' or '*'. May be repeated.", valueName: "type"))
    var events: [String]
    @Option(help: "What it is for.") var description: String?

    var members: [(String, JSONValue)] {
        [("url", .string(url)), ("events", .array(events.map { .string($0) }))]
            + (description.map { [("description", .string($0))] } ?? [])
    }
}

struct EnableWebhook: Verb {
    static let configuration = CommandConfiguration(
        commandName: "enable", abstract: "Enable a webhook, which is then told of what happened meanwhile.")

    @Argument(completion: LiveValues.ids(of: "webhook")) var id: String
    @Flag(help: "What happened up to now is not told any more.") var skip = false
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("webhook.enable", ["id": .string(id), "skip": .bool(skip)]) }
    var presentation: Presentation { .done("The webhook \(id) is enabled.") }
}

struct DisableWebhook: Verb {
    static let configuration = CommandConfiguration(
        commandName: "disable", abstract: "Disable a webhook. What happens meanwhile waits for it.")

    @Argument(completion: LiveValues.ids(of: "webhook")) var id: String
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("webhook.disable", ["id": .string(id)]) }
    var presentation: Presentation { .done("The webhook \(id) is disabled.") }
}

struct RotateSecret: Verb {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Give a webhook another secret, and print it. The old one holds for a day."
    )

    @Argument(completion: LiveValues.ids(of: "webhook")) var id: String
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("webhook.rotate", ["id": .string(id)]) }
    var presentation: Presentation { .plain }
}

struct TestWebhook: Verb {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Send a message to a webhook, and tell what came of it.")

    @Argument(completion: LiveValues.ids(of: "webhook")) var id: String
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("webhook.test", ["id": .string(id)]) }
    var presentation: Presentation { .plain }
}

struct WebhookStatus: Verb {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show how a webhook is doing, and what waits for it.")

    @Argument(completion: LiveValues.ids(of: "webhook")) var id: String
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("webhook.status", ["id": .string(id)]) }
    var presentation: Presentation { .plain }
}

struct Deliveries: ListVerb {
    static let configuration = CommandConfiguration(
        commandName: "deliveries",
        abstract: "Show what waits for a webhook, and what was told to it, the last first.")

    @Argument(completion: LiveValues.ids(of: "webhook")) var id: String
    @Option(help: "Only those: waiting, delivered or failed.") var status: String?
    @OptionGroup var listing: Listing
    @OptionGroup var connection: ConnectionOptions

    var request: Request {
        var params = JSONObject([("id", .string(id)), ("limit", 1_000)])
        params["status"] = status.map { .string($0) }
        return Request("webhook.deliveries", .object(params))
    }
    var presentation: Presentation { .table(whenEmpty: "There are no such deliveries.") }
}

struct Redeliver: Verb {
    static let configuration = CommandConfiguration(
        commandName: "redeliver", abstract: "Tell a webhook of an event once more, or at once where it waits.")

    @Argument(completion: LiveValues.ids(of: "webhook")) var id: String
    @Argument(help: "What deliveries calls it.") var delivery: String
    @OptionGroup var connection: ConnectionOptions

    var request: Request {
        Request("webhook.redeliver", ["id": .string(id), "delivery": .string(delivery)])
    }
    var presentation: Presentation { .done("The event \(delivery) is sent once more.") }
}
