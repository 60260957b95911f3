public import EventStore
public import HandlerRuntime
public import JSON

public typealias RefundID = ID<Refund>

/// That money of a billing was given back.
public struct Refund: Entity {
    public static let definition = TopicDefinition("refund", actions: [.created])

    public let id: RefundID
    public let billingID: BillingID
    public let orderID: OrderID
    public let amount: Money
    /// In unix seconds.
    public let at: JSONNumber
    public let reason: String?

    public init(id: RefundID, fields: Fields) throws(Fields.Mismatch) {
        self.id = id
        billingID = try fields.id("billing_id")
        orderID = try fields.id("order_id")
        guard let currency = Currency(code: try fields.string("currency")) else {
            throw Fields.Mismatch("currency")
        }
        guard let amount = Money(try fields.number("amount"), currency) else { throw Fields.Mismatch("amount") }
        self.amount = amount
        at = try fields.number("at")
        reason = fields.object["reason"]?.string
    }

    public init(of billing: Billing, amount: Money, at: JSONNumber, reason: String?) {
        id = .random()
        billingID = billing.id
        orderID = billing.orderID
        self.amount = amount
        self.at = at
        self.reason = reason
    }

    public func write(to writer: inout JSONWriter) {
        writer.member("billing_id", billingID.text)
        writer.member("order_id", orderID.text)
        writer.member("amount", amount.number)
        writer.member("currency", amount.currency.code)
        writer.member("at", at)
        if let reason { writer.member("reason", reason) }
    }
}
