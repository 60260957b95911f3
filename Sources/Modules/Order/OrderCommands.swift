import EventStore
import HandlerRuntime
import JSON
import ShopContracts

struct OrderCommands {
    private static let filters = [
        ListFilter.by(
            "customer_id", .uuid, in: Projection.everIndex(Order.topic, of: "customer_id"),
            "only those of a customer"),
        ListFilter.by(
            "number", .integer(1...Int64(Money.maxTotalMinorUnits)), Order.byNumber, "the one with a number"),
        ListFilter.since(
            "status", .word(of: OrderStatus.allCases.map(\.rawValue)),
            "only those in a state, sorted by since when they are",
            in: { .init(OrderIndexes.index(of: $0)) }),
    ]

    let currency: Currency
    private let order = EntityCommands<Order>("order", plural: "orders", fields: Order.fields)

    init(currency: Currency) { self.currency = currency }

    var definitions: [CommandDefinition] {
        [
            order.create(prefetch: Self.references, making: place).refusing(.conflict),
            order.get, order.list(by: Self.filters), order.history, order.difference,
            order.update(prefetch: Self.references, own: Order.ownFields, making: replace).refusing(.conflict),
            order.delete(rule: Self.delete).refusing(.conflict),
            cancel.refusing(.conflict),
            step("bill", "An order is paid.", .bill), step("unbill", "An order's billing is taken back.", .unbill),
            step("ship", "An order leaves the house.", .ship),
            step("deliver", "A customer has an order.", .deliver),
        ] + OrderQueries(order: order).definitions + [OrderSales(currency: currency).definition]
    }

    // MARK: Placing

    /// All that placing an order looks at, the stock included: it comes in one round trip.
    private static func references(_ parameters: JSONObject) -> [EntityReference] {
        let products = (parameters["product_ids"]?.array ?? []).compactMap { $0.string.map { ProductID($0) } }
        let customer = parameters["customer_id"]?.string.map { CustomerID($0).reference }
        return Set(products).flatMap { [$0.reference, Inventory.reference(of: $0)] }
            + [customer].compactMap(\.self)
    }

    private func place(_ order: Order, in unit: UnitOfWork) async throws(Refusal) -> Order {
        let products = try await Self.products(of: order, in: unit)
        let placed = try OrderRules.placed(order, products, currency, at: UnixTime.now)
        try await StockCommand.reserve(order.productIDs, for: order.id, in: unit)
        return placed
    }

    private func replace(_ old: Order, _ new: Order, in unit: UnitOfWork) async throws(Refusal) -> Order {
        try OrderLife.status(of: old, after: .change, from: try await old.standing(in: unit))
        let products = try await Self.products(of: new, in: unit)
        let changed = try OrderRules.changed(old, to: new, products, currency)
        try await StockCommand.reserve(new.productIDs, for: new.id, instead: old.productIDs, in: unit)
        return changed
    }

    /// - Throws: `invalid` where the order names a product or a customer that there is not.
    private static func products(
        of order: Order, in unit: UnitOfWork
    ) async throws(Refusal) -> [ProductID: Product] {
        var products: [ProductID: Product] = [:]
        for id in Set(order.productIDs) { products[id] = try await unit.find(id) }
        let customer = try await unit.find(order.customerID)
        let missing = Set(order.productIDs).subtracting(products.keys)
        let violations = OrderRules.violations(in: order, missing: missing, customerExists: customer != nil)
        if !violations.isEmpty { throw Refusal(violations) }
        return products
    }

    // MARK: Living

    private var cancel: CommandDefinition {
        .change(
            "order.cancel", "Cancels an order: its pieces go back, and what was paid is refunded.",
            [order.id, Field("reason", .line(1...500), required: false, "why")], returns: .boolean,
            http: [HTTPBinding(.post, "/order/{id}/cancel", body: .optionalObject)],
            prefetch: { ($0["id"]?.string).map { [OrderID($0).reference, .unique(Billing.byOrder, $0)] } ?? [] }
        ) { parameters, unit throws(Refusal) in
            let order = try await order.existing(parameters, in: unit)
            let reason = parameters["reason"]?.string
            let before = try await order.standing(in: unit)
            try await Self.move(order, .cancel, reason.map { [("reason", $0)] } ?? [], in: unit)
            if before == .billed {
                try await BillingCommand.refundRest(
                    of: order.id, because: reason ?? "the order is cancelled", in: unit)
            }
            try await StockCommand.release(order.productIDs, of: order.id, in: unit)
            return true
        }
    }

    private func step(_ verb: String, _ summary: String, _ action: OrderAction) -> CommandDefinition {
        .step("order.\(verb)", summary, [order.id]) { parameters, unit throws(Refusal) in
            let order = try await order.existing(parameters, in: unit)
            try await Self.move(order, action, in: unit)
            if action == .ship { try await StockCommand.deliver(order.productIDs, of: order.id, in: unit) }
            return true
        }
    }

    private static func move(
        _ order: Order, _ action: OrderAction, _ metadata: UnitOfWork.Metadata = [], in unit: UnitOfWork
    ) async throws(Refusal) {
        let now = try await order.standing(in: unit)
        guard let next = try OrderLife.status(of: order, after: action, from: now) else { return }
        unit.append(next.action, order.becoming(next, at: UnixTime.now), metadata: metadata)
    }

    /// The pieces of a cancelled order are back already.
    private static func delete(_ order: Order, in unit: UnitOfWork) async throws(Refusal) {
        let status = try await order.standing(in: unit)
        try OrderLife.status(of: order, after: .delete, from: status)
        if status != .cancelled { try await StockCommand.release(order.productIDs, of: order.id, in: unit) }
    }
}
