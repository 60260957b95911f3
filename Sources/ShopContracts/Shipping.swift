public import EventStore
public import HandlerRuntime
public import JSON

public typealias ShippingID = ID<Shipping>

/// The parcel of an order: prepared, on its way, or there.
public struct Shipping: Entity {
    public static let definition = TopicDefinition(
        "shipping", actions: [.created, .updated, .shipped, .delivered, .deleted])
    /// An order is shipped once.
    public static let byOrder = UniqueIndex("shipping", "order_id")
    public static let trackingCode = Field(
        "tracking_code", .line(1...100), required: false, "by which the carrier knows the parcel")
    public static let fields = [Field("order_id", .uuid, "the order that is shipped"), trackingCode]

    public enum Status: String, Sendable, CaseIterable { case prepared, shipped, delivered }

    public let id: ShippingID
    public let orderID: OrderID
    public var trackingCode: String?
    public var status: Status
    /// In unix seconds, as all times.
    public var createdAt: JSONNumber
    public var shippedAt: JSONNumber?
    public var deliveredAt: JSONNumber?

    public init(id: ShippingID, fields: Fields) throws(Fields.Mismatch) {
        self.id = id
        orderID = try fields.id("order_id")
        trackingCode = fields.object["tracking_code"]?.string
        guard let status = Status(rawValue: try fields.string("status")) else { throw Fields.Mismatch("status") }
        self.status = status
        createdAt = try fields.number("created_at")
        shippedAt = fields.object["shipped_at"]?.number
        deliveredAt = fields.object["delivered_at"]?.number
    }

    public init(of order: OrderID, at time: JSONNumber) {
        id = .random()
        orderID = order
        status = .prepared
        createdAt = time
    }

    public func write(to writer: inout JSONWriter) {
        writer.member("order_id", orderID.text)
        if let trackingCode { writer.member("tracking_code", trackingCode) }
        writer.member("status", status.rawValue)
        writer.member("created_at", createdAt)
        if let shippedAt { writer.member("shipped_at", shippedAt) }
        if let deliveredAt { writer.member("delivered_at", deliveredAt) }
    }
}
