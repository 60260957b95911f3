public import EventStore
public import HandlerRuntime
public import JSON

public typealias CustomerID = ID<Customer>

/// Somebody who orders.
public struct Customer: Entity {
    public static let definition = TopicDefinition("customer")
    public static let fields = [
        Field("name", .line(1...200), "the customer's name"),
        Field("email", .email, "where mails to the customer go"),
    ]

    public let id: CustomerID
    public let name: String
    public let email: String

    public init(id: CustomerID, fields: Fields) throws(Fields.Mismatch) {
        self.id = id
        name = try fields.string("name")
        email = try fields.string("email")
    }

    public func write(to writer: inout JSONWriter) {
        writer.member("name", name)
        writer.member("email", email)
    }
}
