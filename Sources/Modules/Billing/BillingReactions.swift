import EventStore
import HandlerRuntime
import JSON
import Logging
import ShopContracts

/// The mails about money.
struct BillingReactions: Sendable {
    let currency: Currency
    let logger: Logger

    /// The order of a billing, the customer and the products of an order.
    func references(_ entity: JSONObject) -> [EntityReference] {
        let order = entity["order_id"]?.string.map { OrderID($0).reference }
        let customer = entity["customer_id"]?.string.map { CustomerID($0).reference }
        let products = (entity["product_ids"]?.array ?? []).compactMap { $0.string.map { ProductID($0).reference } }
        return [order, customer].compactMap(\.self) + products
    }

    func orderPlaced(_ event: RecordedEvent, in unit: UnitOfWork) async throws {
        try await write(Templates.pleasePay, about: event.entity(), in: unit)
    }

    func orderBilled(_ event: RecordedEvent, in unit: UnitOfWork) async throws {
        let billing: Billing = try event.entity()
        guard let order = try await unit.last(billing.orderID) else { return }
        try await write(Templates.received, about: order, in: unit)
    }

    /// A customer who is gone gets no mail.
    private func write(
        _ template: (Customer, Order, Money) -> Mail, about order: Order, in unit: UnitOfWork
    ) async throws {
        guard let customer = try await unit.look(at: order.customerID), !customer.isErased else {
            return logger.info(
                "no mail to a customer who is gone",
                metadata: ["customer_id": "\(order.customerID)", "order_id": "\(order.id)"])
        }
        var mail = template(customer, order, try await total(of: order, in: unit))
        mail.customerID = customer.id
        unit.create(mail)
    }

    /// What the order costs. A product that is gone counts at its last price.
    private func total(of order: Order, in unit: UnitOfWork) async throws -> Money {
        try await unit.glimpse(order.productIDs.map(\.reference))
        var prices: [Money] = []
        for id in order.productIDs {
            guard let product = try await unit.last(id), let price = Money(product.price, currency) else {
                continue
            }
            prices.append(price)
        }
        guard let total = Money.sum(prices, in: currency) else {
            throw Refusal(.internalError, "the total of the order \(order.id) does not fit")
        }
        return total
    }
}
