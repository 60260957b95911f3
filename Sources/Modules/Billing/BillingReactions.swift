import EventStore
import HandlerRuntime
import JSON
import Logging
import ShopContracts

/// The mails about money.
struct BillingReactions: Sendable {
    let currency: Currency
    let templates: Templates
    let logger: Logger

    /// The order of a billing, the customer of an order, and its products where it has no total of its own.
    func references(_ entity: JSONObject) -> [EntityReference] {
        let order = entity["order_id"]?.string.map { OrderID($0).reference }
        let customer = entity["customer_id"]?.string.map { CustomerID($0).reference }
        if entity["total"] != nil { return [order, customer].compactMap(\.self) }
        let products = (entity["product_ids"]?.array ?? []).compactMap { $0.string.map { ProductID($0).reference } }
        return [order, customer].compactMap(\.self) + products
    }

    func orderPlaced(_ event: RecordedEvent, in unit: UnitOfWork) async throws {
        let order: Order = try event.entity()
        try await write(templates.pleasePay, about: order, nil, in: unit)
    }

    func orderBilled(_ event: RecordedEvent, in unit: UnitOfWork) async throws {
        let billing: Billing = try event.entity()
        guard let order = try await unit.last(billing.orderID) else { return }
        try await write(templates.received, about: order, billing.amount, in: unit)
    }

    /// A customer who is gone gets no mail.
    /// - Parameter amount: nil: what the order costs.
    private func write(
        _ template: (Customer, Order, Money) -> Mail, about order: Order, _ amount: Money?, in unit: UnitOfWork
    ) async throws {
        guard let customer = try await unit.look(at: order.customerID), !customer.isErased else {
            return logger.info(
                "no mail to a customer who is gone",
                metadata: ["customer_id": "\(order.customerID)", "order_id": "\(order.id)"])
        }
        var total = amount
        if total == nil { total = try await OrderTotal(currency: currency).of(order, in: unit) }
        guard let total else { return }
        unit.create(template(customer, order, total))
    }
}
