import EventStore
import HandlerRuntime
import JSON
import ShopContracts

/// What a cart would cost now, and whether there is enough of everything.
struct CartQuote {
    let currency: Currency

    var definition: CommandDefinition {
        .query(
            "cart.quote", "A cart at the prices and the stock of this moment, or null where there is none.",
            [Field("id", .line(1...200), "the cart's id")], returns: .any([("type", ["object", "null"])]),
            http: [HTTPBinding(.get, "/cart/{id}/quote")]
        ) { parameters, store throws(Refusal) in
            let id = ID<Cart>(parameters["id"]?.string ?? "")
            guard let cart: Cart = try await Self.load([id.reference], store)[0] else { return .value(.null) }
            let products: [Product?] = try await Self.load(cart.lines.map(\.productID.reference), store)
            let stocks: [Inventory?] = try await Self.load(
                cart.lines.map { Inventory.reference(of: $0.productID) }, store)
            return .value(.object(quote(cart, products, stocks)))
        }
    }

    func quote(_ cart: Cart, _ products: [Product?], _ stocks: [Inventory?]) -> JSONObject {
        let prices = products.map { $0.flatMap { Money($0.price, currency) } }
        let totals = zip(cart.lines, prices).map { line, price in price?.multiplied(by: line.pieces) }
        let lines = cart.lines.indices.map { place in
            line(cart.lines[place], products[place], prices[place], totals[place], stocks[place])
        }
        let isComplete = !totals.contains { $0 == nil } && !lines.isEmpty
        let total = Money.sum(totals.compactMap(\.self), in: currency)
        let isOrderable = isComplete && zip(cart.lines, stocks).allSatisfy { $0.pieces <= $1?.amount ?? 0 }
        return JSONObject([
            ("id", .string(cart.id.text)), ("customer_id", .string(cart.customerID.text)),
            ("status", .string(cart.status.rawValue)), ("lines", .array(lines)),
            ("total", isComplete ? total.map { .number($0.number) } ?? .null : .null),
            ("currency", .string(currency.code)), ("can_be_ordered", .bool(isOrderable && cart.status == .open)),
        ])
    }

    /// A product that is gone has neither name nor price.
    private func line(
        _ line: Cart.Line, _ product: Product?, _ price: Money?, _ total: Money?, _ stock: Inventory?
    ) -> JSONValue {
        [
            "product_id": .string(line.productID.text), "name": product.map { .string($0.name) } ?? .null,
            "price": price.map { .number($0.number) } ?? .null, "pieces": .number(JSONNumber(line.pieces)),
            "total": total.map { .number($0.number) } ?? .null,
            "available": .number(JSONNumber(max(0, stock?.amount ?? 0))),
        ]
    }

    private static func load<E: Entity>(_ references: [EntityReference], _ store: Store) async throws(Refusal)
        -> [E?]
    {
        let states: [EntityState?]
        do throws(StoreError) { states = try await store.load(references) } catch { throw Refusal(error) }
        return states.map { state in
            guard let state, state.exists, let object = state.decoded() else { return nil }
            return try? E(stored: object)
        }
    }
}
