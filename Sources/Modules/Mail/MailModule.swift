public import EventStore
public import HandlerRuntime
import JSON
import ShopContracts

/// The outbox: delivers the mails that are asked for, and tells what was sent.
public struct MailModule: HandlerModule {
    public let name = "mail"
    public let summary = "The outbox and what was sent"
    public let topics = [Mail.definition]
    private let delivery: MailDelivery

    /// - Parameters:
    ///   - sender: the From address, `Name <address>` or an address alone.
    ///   - directory: the Maildir's path; made when it is missing.
    public init(sender: String, directory: String) {
        self.init(sender: Live(sender), directory: directory)
    }

    /// - Parameter sender: likewise; one that changes holds from the next mail on.
    public init(sender: Live<String>, directory: String) {
        delivery = MailDelivery(sender: sender, maildir: Maildir(path: directory))
    }

    private static let ofCustomer = ListFilter.by(
        "customer_id", .uuid, in: Projection.everIndex(Mail.topic, of: "customer_id"), "only those to a customer")

    public var commands: [CommandDefinition] {
        let mail = EntityCommands<Mail>("mail", plural: nil, fields: Mail.fields)
        return [send, mail.get, mail.list(by: [Self.ofCustomer]), mail.history]
    }

    private var send: CommandDefinition {
        .change(
            "mail.send", "Asks for a mail to be sent; the result is its id.", Mail.fields, returns: .uuid
        ) { parameters, unit throws(Refusal) in
            let mail = Mail(
                id: .random(), to: parameters["to"]?.string ?? "", subject: parameters["subject"]?.string ?? "",
                body: parameters["body"]?.string ?? "")
            unit.create(mail)
            return .string(mail.id.text)
        }
    }

    public let projections = [Projection.ever(Mail.topic, of: "customer_id")]

    public var subscriptions: [Subscription] {
        [
            Subscription(
                Mail.topic, Mail.definition.birth, looksAt: MailDelivery.references, reaction: delivery.deliver)
        ]
    }

    public func start() async throws { try delivery.maildir.create() }
}
