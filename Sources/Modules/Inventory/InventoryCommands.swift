import EventStore
import HandlerRuntime
import JSON
import ShopContracts

struct InventoryCommands {
    private let inventory = EntityCommands<Inventory>("inventory", plural: "inventory", fields: Inventory.fields)

    var definitions: [CommandDefinition] {
        [
            inventory.create(prefetch: Self.references, rule: Self.place),
            inventory.get, inventory.list, inventory.history, inventory.difference,
            inventory.update(prefetch: Self.references, rule: Self.replace),
            inventory.delete(),
            change("increment", "Puts pieces into one inventory.", sign: -1),
            change("decrement", "Takes pieces out of one inventory.", sign: 1),
            reserve, release,
        ]
    }

    // MARK: One inventory

    private static func references(_ parameters: JSONObject) -> [EntityReference] {
        guard let id = parameters["product_id"]?.string else { return [] }
        return [ProductID(id).reference, Inventory.reference(of: ProductID(id))]
    }

    private static func place(_ inventory: Inventory, in unit: UnitOfWork) async throws(Refusal) {
        guard try await unit.find(inventory.productID) != nil else {
            throw Refusal([Violation("/product_id", "must be of a product that there is")])
        }
        let holder = try await unit.claim(Inventory.byProduct, inventory.productID.text, for: inventory.id)
        if let holder {
            throw Refusal(.conflict, "the product \(inventory.productID) has an inventory already: \(holder)")
        }
    }

    private static func replace(
        _ old: Inventory, _ new: Inventory, in unit: UnitOfWork
    ) async throws(Refusal) {
        if old.productID != new.productID { try await place(new, in: unit) }
    }

    private func change(_ verb: String, _ summary: String, sign: Int64) -> CommandDefinition {
        let amount = Field(
            "amount", .integer(1...Stock.maxAmount), required: false, "how many pieces; 1, if left out")
        return .change(
            "inventory.\(verb)", summary, [inventory.id, amount], returns: .boolean
        ) { parameters, unit throws(Refusal) in
            let entity = try await inventory.existing(parameters, in: unit)
            let pieces = parameters["amount"]?.number?.int64 ?? 1
            unit.update(try Stock.take(sign * pieces, from: entity))
            return true
        }
    }

    // MARK: An order's pieces

    private static let orderFields = [
        Field("order_id", .uuid, "the order that they are for"),
        Field("product_ids", .productIDs, "the products' ids, each once for every piece"),
    ]

    private var reserve: CommandDefinition {
        let before = Field("instead_of", .productIDs, required: false, "what the order had before, which goes back")
        return .change(
            "inventory.reserve", "Takes an order's pieces out of the stock: all of them or none.",
            Self.orderFields + [before], returns: .boolean, prefetch: Self.stock
        ) { parameters, unit throws(Refusal) in
            let demand = Stock.demand(
                Self.products(parameters, "product_ids"), insteadOf: Self.products(parameters, "instead_of"))
            try await move(demand, in: unit)
            return true
        }
    }

    private var release: CommandDefinition {
        .change(
            "inventory.release", "Gives an order's pieces back.", Self.orderFields, returns: .boolean,
            prefetch: Self.stock
        ) { parameters, unit throws(Refusal) in
            try await move(Stock.demand([], insteadOf: Self.products(parameters, "product_ids")), in: unit)
            return true
        }
    }

    /// Moves pieces of several products. What comes back of a product that nobody keeps any more is gone with it.
    private func move(_ demand: [ProductID: Int64], in unit: UnitOfWork) async throws(Refusal) {
        try await unit.prefetch(demand.keys.map(Inventory.reference))
        for (product, pieces) in demand.sorted(by: { $0.key < $1.key }) {
            let inventory = try await unit.find(Inventory.self, by: Inventory.byProduct, product.text)
            if let inventory {
                unit.update(try Stock.take(pieces, from: inventory))
            } else if pieces > 0 {
                throw Stock.missing(product)
            }
        }
    }

    private static func stock(_ parameters: JSONObject) -> [EntityReference] {
        (products(parameters, "product_ids") + products(parameters, "instead_of")).map(Inventory.reference)
    }

    private static func products(_ parameters: JSONObject, _ name: String) -> [ProductID] {
        (parameters[name]?.array ?? []).compactMap { $0.string.map { ProductID($0) } }
    }
}
