public import EventStore
public import HandlerRuntime
public import JSON

public typealias BillingID = ID<Billing>

/// That an order was paid, when, and how much of it was given back.
///
/// Billings of before there were amounts, and those that another program wrote, have nothing behind `done`.
public struct Billing: Entity {
    public static let definition = TopicDefinition("billing")
    /// An order is billed once.
    public static let byOrder = UniqueIndex("billing", "order_id")

    public static func fields(_ currency: Currency) -> [Field] {
        [
            Field("order_id", .uuid, "the order that was paid"),
            Field(
                "done", .decimal(fractionDigits: 6, max: 253_402_300_799_000_000), required: false,
                "when, in unix seconds; now, if left out"),
            Field(
                "amount", .amount(currency), required: false,
                "what was paid, in \(currency.code): the order's total, or it is refused"),
        ]
    }

    /// What the shop writes into a billing by itself.
    public static let ownFields = ["currency", "refunded"].map { Field($0, .anything, required: false) }

    public let id: BillingID
    public let orderID: OrderID
    /// Unix time in seconds, with a fraction.
    public let done: JSONNumber
    public var amount: Money?
    /// Never more than the amount.
    public var refunded: Money?

    public init(id: BillingID, fields: Fields) throws(Fields.Mismatch) {
        self.id = id
        orderID = try fields.id("order_id")
        done = try fields.number("done")
        guard let code = fields.object["currency"]?.string, let currency = Currency(code: code) else { return }
        amount = fields.object["amount"]?.number.flatMap { Money($0, currency) }
        refunded = fields.object["refunded"]?.number.flatMap { Money($0, currency) }
    }

    public func write(to writer: inout JSONWriter) {
        writer.member("order_id", orderID.text)
        writer.member("done", done)
        guard let amount else { return }
        writer.member("amount", amount.number)
        writer.member("currency", amount.currency.code)
        if let refunded { writer.member("refunded", refunded.number) }
    }
}

/// The billing's steps that other modules take within a step of their own.
public enum BillingCommand {
    /// Gives back whatever was paid for an order and not given back yet, if anything.
    public static func refundRest(
        of order: OrderID, because reason: String, in unit: UnitOfWork
    ) async throws(Refusal) {
        let parameters = [("order_id", JSONValue.string(order.text)), ("reason", .string(reason))]
        _ = try await unit.call("billing.refund_rest", JSONObject(parameters))
    }
}
