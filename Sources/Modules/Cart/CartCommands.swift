import EventStore
import HandlerRuntime
import JSON
import ShopContracts

struct CartCommands {
    private let cart = EntityCommands<Cart>(
        "cart", plural: "carts",
        fields: [
            Field("customer_id", .uuid, "whose it is"),
            Field("status", .word(of: ["open", "checked_out", "expired"])),
            Field("lines", .any([("type", "array")]), "the products and how many pieces of each"),
            Field("updated_at", .any([("type", "number")]), "when it was last changed, in unix seconds"),
        ])
    private let product = Field("product_id", .uuid, "the product")
    private static let filter = ListFilter.by(
        "customer_id", .uuid, in: Projection.everIndex(Cart.topic, of: "customer_id"), "only those of a customer")

    var definitions: [CommandDefinition] {
        [
            put.refusing(.conflict), change.refusing(.conflict), remove.refusing(.conflict),
            checkout.refusing(.conflict), cart.delete(), cart.get, cart.list(by: [Self.filter]),
            cart.history, cart.difference, ofCustomer,
        ]
    }

    // MARK: Lines

    private var put: CommandDefinition {
        let fields = [
            Field("customer_id", .uuid, "whose cart it goes into; it is opened if he has none"), product,
            Field("pieces", .integer(1...Cart.maxPieces), required: false, "how many; 1, if left out"),
        ]
        return .change(
            "cart.put", "Puts pieces of a product into a customer's cart; the result is the cart's id.", fields,
            returns: .uuid, http: [HTTPBinding(.post, "/carts", body: .batch)], prefetch: Self.references
        ) { parameters, unit throws(Refusal) in
            let customer = CustomerID(parameters["customer_id"]?.string ?? "")
            let product = try await Self.product(parameters, in: unit)
            let open = try await unit.find(Cart.self, by: Cart.byCustomer, customer.text)
            let before = try await Self.opened(open, for: customer, in: unit)
            let pieces = parameters["pieces"]?.number?.int64 ?? 1
            let after = try before.adding(pieces, of: product, at: UnixTime.now)
            if open == nil { unit.create(after) } else { unit.update(after) }
            return .string(after.id.text)
        }
    }

    private static func opened(
        _ open: Cart?, for customer: CustomerID, in unit: UnitOfWork
    ) async throws(Refusal) -> Cart {
        if let open { return open }
        guard try await unit.find(customer) != nil else {
            throw Refusal([Violation("/customer_id", "must be of a customer that there is")])
        }
        let cart = Cart(id: .random(), customerID: customer, at: UnixTime.now)
        _ = try await unit.claim(Cart.byCustomer, customer.text, for: cart.id)
        return cart
    }

    private static func product(_ parameters: JSONObject, in unit: UnitOfWork) async throws(Refusal) -> ProductID {
        let id = ProductID(parameters["product_id"]?.string ?? "")
        guard try await unit.find(id) != nil else {
            throw Refusal([Violation("/product_id", "must be of a product that there is")])
        }
        return id
    }

    private static func references(_ parameters: JSONObject) -> [EntityReference] {
        let customer = parameters["customer_id"]?.string
        return [
            customer.map { CustomerID($0).reference }, customer.map { .unique(Cart.byCustomer, $0) },
            parameters["product_id"]?.string.map { ProductID($0).reference },
            parameters["id"]?.string.map { ID<Cart>($0).reference },
        ].compactMap(\.self)
    }

    private var change: CommandDefinition {
        let pieces = Field("pieces", .integer(0...Cart.maxPieces), "how many there are to be; 0: none any more")
        return .change(
            "cart.change", "Says how many pieces of a product are in a cart.", [cart.id, product, pieces],
            returns: .boolean, http: [HTTPBinding(.put, "/cart/{id}/lines/{product_id}", body: .object)],
            prefetch: Self.references
        ) { parameters, unit throws(Refusal) in
            let before = try await cart.existing(parameters, in: unit)
            let product = try await Self.product(parameters, in: unit)
            let pieces = parameters["pieces"]?.number?.int64 ?? 0
            unit.update(try before.having(pieces, of: product, at: UnixTime.now))
            return true
        }
    }

    private var remove: CommandDefinition {
        .change(
            "cart.remove", "Takes a product out of a cart.", [cart.id, product], returns: .boolean,
            http: [HTTPBinding(.delete, "/cart/{id}/lines/{product_id}")]
        ) { parameters, unit throws(Refusal) in
            let before = try await cart.existing(parameters, in: unit)
            let product = ProductID(parameters["product_id"]?.string ?? "")
            unit.update(try before.removing(product, at: UnixTime.now))
            return true
        }
    }

    // MARK: Order

    private var checkout: CommandDefinition {
        .change(
            "cart.checkout", "Makes an order of a cart, in one step; the result is the order's id.", [cart.id],
            returns: .uuid, http: [HTTPBinding(.post, "/cart/{id}/checkout")]
        ) { parameters, unit throws(Refusal) in
            let open = try await cart.existing(parameters, in: unit)
            let products = try open.toOrder()
            // What placing the order looks at, in one round trip.
            try await unit.prefetch(
                [open.customerID.reference]
                    + open.lines.flatMap { [$0.productID.reference, Inventory.reference(of: $0.productID)] })
            let order = try await unit.call(
                "order.create",
                JSONObject([
                    ("product_ids", .array(products.map { .string($0.text) })),
                    ("customer_id", .string(open.customerID.text)),
                ]))
            unit.append(.checkedOut, open.checkedOut(as: OrderID(order.string ?? "")))
            return order
        }
    }

    // MARK: Queries

    private var ofCustomer: CommandDefinition {
        .query(
            "cart.of_customer", "A customer's open cart, or null where there is none.",
            [Field("id", .line(1...200), "the customer's id")], returns: .any([("type", ["object", "null"])]),
            http: [HTTPBinding(.get, "/customer/{id}/cart")]
        ) { parameters, store throws(Refusal) in
            let customer = parameters["id"]?.string ?? ""
            let states: [EntityState?]
            do throws(StoreError) { states = try await store.load([.unique(Cart.byCustomer, customer)]) } catch {
                throw Refusal(error)
            }
            guard let state = states.first ?? nil, state.exists else { return .value(.null) }
            return .text(state.bytes)
        }
    }
}
