public import EventStore
public import HandlerRuntime
public import JSON

/// What was said to a customer, and why.
public struct Interaction: Entity {
    public static let definition = TopicDefinition("interaction", actions: [.created])

    public let id: ID<Interaction>
    public let customerID: CustomerID
    /// What it was about: `welcome`, `order thanks` …
    public let kind: String
    public let mailID: MailID
    /// The event that gave the reason.
    public let cause: String

    public init(id: ID<Interaction>, fields: Fields) throws(Fields.Mismatch) {
        self.id = id
        customerID = try fields.id("customer_id")
        kind = try fields.string("kind")
        mailID = try fields.id("mail_id")
        cause = try fields.string("cause")
    }

    public init(customerID: CustomerID, kind: String, mailID: MailID, cause: EventID) {
        id = .random()
        self.customerID = customerID
        self.kind = kind
        self.mailID = mailID
        self.cause = cause.description
    }

    public func write(to writer: inout JSONWriter) {
        writer.member("customer_id", customerID.text)
        writer.member("kind", kind)
        writer.member("mail_id", mailID.text)
        writer.member("cause", cause)
    }
}
