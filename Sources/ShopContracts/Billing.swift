public import EventStore
public import HandlerRuntime
public import JSON

public typealias BillingID = ID<Billing>

/// That an order was paid, and when.
public struct Billing: Entity {
    public static let definition = TopicDefinition("billing")
    /// An order is billed once.
    public static let byOrder = UniqueIndex("billing", "order_id")
    public static let fields = [
        Field("order_id", .uuid, "the order that was paid"),
        Field(
            "done", .decimal(fractionDigits: 6, max: 253_402_300_799_000_000), required: false,
            "when, in unix seconds; now, if left out"),
    ]

    public let id: BillingID
    public let orderID: OrderID
    /// Unix time in seconds, with a fraction.
    public let done: JSONNumber

    public init(id: BillingID, fields: Fields) throws(Fields.Mismatch) {
        self.id = id
        orderID = try fields.id("order_id")
        done = try fields.number("done")
    }

    public func write(to writer: inout JSONWriter) {
        writer.member("order_id", orderID.text)
        writer.member("done", done)
    }
}
