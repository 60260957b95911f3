import EventStore
import HandlerRuntime
import JSON
import ShopContracts

/// What orders do with the stock: they reserve pieces, do without them, or take them out of the house.
struct OrderedPieces {
    private static let fields = [
        Field("order_id", .uuid, "the order that they are for"),
        Field("product_ids", .productIDs, "the products' ids, each once for every piece"),
    ]

    var definitions: [CommandDefinition] { [reserve.refusing(.conflict), release.refusing(.conflict), ship] }

    private var reserve: CommandDefinition {
        let before = Field("instead_of", .productIDs, required: false, "what the order had before, which goes back")
        return .change(
            "inventory.reserve", "Takes an order's pieces out of the stock: all of them or none.",
            Self.fields + [before], returns: .boolean, prefetch: Self.stock
        ) { parameters, unit throws(Refusal) in
            let before = Self.products(parameters, "instead_of")
            let demand = Stock.demand(Self.products(parameters, "product_ids"), insteadOf: before)
            try await move(demand, before.isEmpty ? .order : .orderChange, parameters, in: unit)
            return true
        }
    }

    private var release: CommandDefinition {
        .change(
            "inventory.release", "Gives an order's pieces back.", Self.fields, returns: .boolean,
            prefetch: Self.stock
        ) { parameters, unit throws(Refusal) in
            let back = Stock.demand([], insteadOf: Self.products(parameters, "product_ids"))
            try await move(back, .cancellation, parameters, in: unit)
            return true
        }
    }

    private var ship: CommandDefinition {
        .step("inventory.ship", "An order's pieces leave the house.", Self.fields, prefetch: Self.stock) {
            parameters, unit throws(Refusal) in
            let pieces = Stock.demand(Self.products(parameters, "product_ids"))
            try await move(pieces, .shipment, parameters, in: unit)
            return true
        }
    }

    /// Moves pieces of several products. What an order had of a product that nobody keeps any more is gone with it.
    private func move(
        _ demand: [ProductID: Int64], _ movement: Movement, _ parameters: JSONObject, in unit: UnitOfWork
    ) async throws(Refusal) {
        try await unit.prefetch(demand.keys.map(Inventory.reference))
        for (product, pieces) in demand.sorted(by: { $0.key < $1.key }) {
            let found = try await unit.find(Inventory.self, by: Inventory.byProduct, product.text)
            guard let inventory = found else {
                if pieces > 0, movement != .shipment { throw Stock.missing(product) }
                continue
            }
            let changed =
                movement == .shipment
                ? Stock.ship(pieces, from: inventory) : try Stock.reserve(pieces, in: inventory)
            // Nothing of an order of before the ledger is left in the books.
            if changed == inventory { continue }
            Ledger.write(changed, from: inventory, movement, order: parameters["order_id"]?.string, in: unit)
        }
    }

    private static func stock(_ parameters: JSONObject) -> [EntityReference] {
        (products(parameters, "product_ids") + products(parameters, "instead_of")).map(Inventory.reference)
    }

    private static func products(_ parameters: JSONObject, _ name: String) -> [ProductID] {
        (parameters[name]?.array ?? []).compactMap { $0.string.map { ProductID($0) } }
    }
}
