public import EventStore
public import HandlerRuntime
public import JSON

public typealias OrderID = ID<Order>

/// What a customer ordered.
public struct Order: Entity {
    public static let definition = TopicDefinition("order")
    public static let fields = [
        Field("product_ids", .productIDs, "the products' ids, each once for every piece"),
        Field("customer_id", .uuid, "who orders"),
    ]

    public let id: OrderID
    public let productIDs: [ProductID]
    public let customerID: CustomerID

    public init(id: OrderID, fields: Fields) throws(Fields.Mismatch) {
        self.id = id
        productIDs = try fields.ids("product_ids")
        customerID = try fields.id("customer_id")
    }

    public func write(to writer: inout JSONWriter) {
        writer.key("product_ids")
        writer.array { writer in for id in productIDs { writer.string(id.text) } }
        writer.member("customer_id", customerID.text)
    }
}
