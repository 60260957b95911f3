public import Curl
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

    /// Side by side: a server that takes its time over one mail need not hold up the others.
    public let ordering = Ordering.entity

    /// - Parameters:
    ///   - policy: one that changes holds from the next mail on.
    ///   - directory: the Maildir's path; made when it is missing.
    public init(policy: Live<MailPolicy>, directory: String) {
        delivery = MailDelivery(
            policy: policy, route: MeasuredRoute(MaildirRoute(maildir: Maildir(path: directory)), named: "maildir"))
    }

    /// - Parameters:
    ///   - server: takes the mails, in place of a Maildir.
    ///   - firstPause: before a mail that the server did not take is tried again; it doubles, up to an hour.
    public init(policy: Live<MailPolicy>, server: SMTPServer, firstPause: Duration) {
        let route = SMTPRoute(to: server, policy: policy, firstPause: firstPause)
        delivery = MailDelivery(policy: policy, route: MeasuredRoute(route, named: "smtp"))
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
                body: parameters["body"]?.string ?? "",
                html: parameters["html"]?.string)
            unit.create(mail)
            return .string(mail.id.text)
        }
    }

    public let projections = [Projection.ever(Mail.topic, of: "customer_id")]

    public var subscriptions: [Subscription] {
        [
            Subscription(
                Mail.topic, Mail.definition.birth, looksAt: MailDelivery.references, reaction: delivery.deliver),
            Subscription(Customer.topic, .erased, reaction: delivery.destroyMails),
        ]
    }

    public func start() async throws { try await delivery.route.open() }
    public func stop() async { await delivery.route.close() }
}
