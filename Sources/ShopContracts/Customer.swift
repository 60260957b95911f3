public import EventStore
public import HandlerRuntime
public import JSON

public typealias CustomerID = ID<Customer>

/// Somebody who orders.
public struct Customer: Entity {
    public static let definition = TopicDefinition(
        "customer", actions: [.created, .updated, .deleted, .erased],
        personal: PersonalMembers(["name": erasedName, "email": erasedAddress], of: "id", hashed: ["email"]))
    public static let fields = [
        Field("name", .line(1...200), "the customer's name"),
        Field("email", .email, "where mails to the customer go"),
    ]

    public let id: CustomerID
    public let name: String
    public let email: String

    /// What stands where the name and the address were, once they have been erased.
    public static let erasedName = "(erased)"
    public static let erasedAddress = "erased@invalid"

    /// Nobody can be reached any more.
    public var isErased: Bool { email == Self.erasedAddress }

    /// A customer of whom nothing is known any more.
    public init(erased id: CustomerID) {
        self.id = id
        name = Self.erasedName
        email = Self.erasedAddress
    }

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

extension Action {
    /// Nothing of the customer can be read any more.
    public static let erased: Action = "erased"
}
