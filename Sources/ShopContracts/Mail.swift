public import EventStore
public import HandlerRuntime
public import JSON

public typealias MailID = ID<Mail>

/// A mail that somebody asked for, and whether it went out.
///
/// Whoever wants a mail sent appends `requested`; the mail module delivers it and appends `sent`, or `suppressed` where
/// it has become too old to be of use.
public struct Mail: Entity {
    public static let definition = TopicDefinition(
        "mail", birth: "requested", actions: ["requested", "sent", "suppressed"],
        personal: PersonalMembers(
            [
                "to": Customer.erasedAddress, "subject": Customer.erasedName, "body": Customer.erasedName,
                "html": Customer.erasedName,
            ],
            of: "customer_id"))
    public static let fields = [
        Field("to", .email, "who gets it"),
        Field("subject", .line(1...500), "the subject, one line"),
        Field("body", .text(0...100_000), "the mail itself, plain text"),
        Field("html", .text(0...200_000), required: false, "the same once more as HTML"),
    ]

    public let id: MailID
    public let to: String
    public let subject: String
    public let body: String
    public let html: String?
    /// The customer whom it is for; nil where it was sent by hand, and in mails of before.
    public var customerID: CustomerID?
    /// When it was delivered, in unix seconds; nil while it waits.
    public var sentAt: JSONNumber?
    /// What the mail server said when it took it.
    public var reply: String?
    /// When it was found too old to be sent.
    public var suppressedAt: JSONNumber?

    /// Whether something is still to be done about it.
    public var isWaiting: Bool { sentAt == nil && suppressedAt == nil }

    public init(id: MailID, fields: Fields) throws(Fields.Mismatch) {
        self.id = id
        to = try fields.string("to")
        subject = try fields.string("subject")
        body = try fields.string("body")
        html = fields.object["html"]?.string
        customerID = fields.object["customer_id"]?.string.map { CustomerID($0) }
        sentAt = fields.object["sent_at"]?.number
        reply = fields.object["reply"]?.string
        suppressedAt = fields.object["suppressed_at"]?.number
    }

    public init(
        id: MailID, to: String, subject: String, body: String, html: String? = nil, for customer: CustomerID? = nil
    ) {
        self.id = id
        self.to = to
        self.subject = subject
        self.body = body
        self.html = html
        customerID = customer
    }

    public func write(to writer: inout JSONWriter) {
        writer.member("to", to)
        writer.member("subject", subject)
        writer.member("body", body)
        if let html { writer.member("html", html) }
        if let customerID { writer.member("customer_id", customerID.text) }
        if let sentAt { writer.member("sent_at", sentAt) }
        if let reply { writer.member("reply", reply) }
        if let suppressedAt { writer.member("suppressed_at", suppressedAt) }
    }
}
