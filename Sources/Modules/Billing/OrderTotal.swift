import EventStore
import HandlerRuntime
import ShopContracts

/// What an order costs.
struct OrderTotal: Sendable {
    /// Of an order of before there were totals.
    let currency: Currency

    /// The total; of an order without one, its products' last prices: also of those that are gone by now.
    func of(_ order: Order, in unit: UnitOfWork) async throws(Refusal) -> Money {
        if let total = order.total { return total }
        try await unit.glimpse(order.productIDs.map(\.reference))
        var products: [Product?] = []
        for id in order.productIDs { products.append(try await unit.last(id)) }
        return try sum(of: products, order)
    }

    func of(_ order: Order, in store: Store) async throws(Refusal) -> Money {
        if let total = order.total { return total }
        let states: [EntityState?]
        do throws(StoreError) { states = try await store.load(order.productIDs.map(\.reference)) } catch {
            throw Refusal(error)
        }
        return try sum(of: states.map { $0?.decoded().flatMap { try? Product(stored: $0) } }, order)
    }

    private func sum(of products: [Product?], _ order: Order) throws(Refusal) -> Money {
        let prices = products.compactMap { $0.flatMap { Money($0.price, currency) } }
        guard let total = Money.sum(prices, in: currency) else {
            throw Refusal(.conflict, "the total of the order \(order.id) does not fit")
        }
        return total
    }
}
