import EventStore
import HandlerRuntime
import JSON
import ShopContracts

struct OrderCommands {
    static let unbilledIndex = "order.unbilled"
    private let order = EntityCommands<Order>("order", plural: "orders", fields: Order.fields)

    var definitions: [CommandDefinition] {
        [
            order.create(prefetch: Self.references, rule: Self.place),
            order.get, order.list, order.history, order.difference,
            order.update(prefetch: Self.references, rule: Self.replace),
            order.delete(rule: Self.cancel),
            unbilled,
        ]
    }

    // MARK: Changes

    /// All that placing an order looks at, the stock included: it comes in one round trip.
    private static func references(_ parameters: JSONObject) -> [EntityReference] {
        let products = (parameters["product_ids"]?.array ?? []).compactMap { $0.string.map { ProductID($0) } }
        let customer = parameters["customer_id"]?.string.map { CustomerID($0).reference }
        return Set(products).flatMap { [$0.reference, Inventory.reference(of: $0)] }
            + [customer].compactMap(\.self)
    }

    private static func place(_ order: Order, in unit: UnitOfWork) async throws(Refusal) {
        try await checkReferences(of: order, in: unit)
        try await StockCommand.reserve(order.productIDs, for: order.id, in: unit)
    }

    private static func replace(_ old: Order, _ new: Order, in unit: UnitOfWork) async throws(Refusal) {
        try await checkReferences(of: new, in: unit)
        try await StockCommand.reserve(new.productIDs, for: new.id, instead: old.productIDs, in: unit)
    }

    private static func cancel(_ order: Order, in unit: UnitOfWork) async throws(Refusal) {
        try await StockCommand.release(order.productIDs, of: order.id, in: unit)
    }

    private static func checkReferences(of order: Order, in unit: UnitOfWork) async throws(Refusal) {
        var missing: Set<ProductID> = []
        for product in Set(order.productIDs) where try await unit.find(product) == nil { missing.insert(product) }
        let customer = try await unit.find(order.customerID)
        let violations = OrderRules.violations(in: order, missing: missing, customerExists: customer != nil)
        if !violations.isEmpty { throw Refusal(violations) }
    }

    // MARK: Queries

    private var unbilled: CommandDefinition {
        .query(
            "order.unbilled", "The orders without a billing, oldest first.",
            returns: .any([("type", "array")]), http: [HTTPBinding(.get, "/orders/unbilled")]
        ) { _, store throws(Refusal) in
            .stream(.entities(of: Order.topic, in: Self.unbilledIndex, store: store))
        }
    }
}
