import EventStore
import HandlerRuntime
import JSON
import ShopContracts

struct InventoryCommands {
    let lowStockAt: Int64?
    private let inventory = EntityCommands<Inventory>("inventory", plural: "inventory", fields: Inventory.fields)

    var definitions: [CommandDefinition] {
        [
            inventory.create(prefetch: Self.references, complete: withLevel, rule: Self.open).refusing(.conflict),
            inventory.get,
            inventory.list(
                by: [.by("product_id", .uuid, Inventory.byProduct, "the one of a product")],
                sortedBy: [("amount", Inventory.byAmount)]),
            inventory.history, inventory.difference,
            inventory.update(
                prefetch: Self.references, own: Inventory.ownFields, metadata: Ledger.metadata(.correction),
                making: Self.replace
            ).refusing(.conflict),
            inventory.delete(),
            change("increment", "Puts pieces into one inventory.", sign: 1, .delivery).refusing(.conflict),
            change("decrement", "Takes pieces out of one inventory.", sign: -1, .correction).refusing(.conflict),
            count.refusing(.conflict), Movements().definition,
        ] + LowStock().definitions + OrderedPieces().definitions
    }

    /// What is created with null is never low.
    private func withLevel(_ parameters: JSONObject) -> JSONObject {
        var parameters = parameters
        if let lowStockAt, parameters["low_stock_at"] == nil {
            parameters["low_stock_at"] = .number(JSONNumber(lowStockAt))
        }
        return parameters
    }

    private static func references(_ parameters: JSONObject) -> [EntityReference] {
        guard let id = parameters["product_id"]?.string else { return [] }
        return [ProductID(id).reference, Inventory.reference(of: ProductID(id))]
    }

    private static func open(_ inventory: Inventory, in unit: UnitOfWork) async throws(Refusal) {
        try await place(inventory, in: unit)
        Ledger.warn(of: inventory, nil, in: unit)
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

    /// Who does not speak of the level leaves it as it is.
    private static func replace(
        _ old: Inventory, _ given: Inventory, in unit: UnitOfWork
    ) async throws(Refusal) -> Inventory {
        var new = try await moved(old, given, in: unit)
        new.lowStockAt = given.lowStockAt ?? old.lowStockAt
        Ledger.warn(of: new, old, in: unit)
        return new
    }

    /// An inventory that is given to another product is as a new one: what was reserved is of the old product.
    private static func moved(
        _ old: Inventory, _ given: Inventory, in unit: UnitOfWork
    ) async throws(Refusal) -> Inventory {
        if old.productID == given.productID { return try Stock.offering(given.amount, old) }
        try await place(given, in: unit)
        return given
    }

    // MARK: Pieces that come and go

    private func change(_ verb: String, _ summary: String, sign: Int64, _ cause: Movement) -> CommandDefinition {
        let causes = Movement.byHand.map(\.rawValue)
        let fields = [
            Field("amount", .integer(1...Stock.maxAmount), required: false, "how many pieces; 1, if left out"),
            Field("cause", .word(of: causes), required: false, "why; \(cause.rawValue), if left out"), Ledger.note,
        ]
        return .change("inventory.\(verb)", summary, [inventory.id] + fields, returns: .boolean) {
            parameters, unit throws(Refusal) in
            let pieces = parameters["amount"]?.number?.int64 ?? 1
            let before = try await inventory.existing(parameters, in: unit)
            let changed = try Stock.put(sign * pieces, into: before)
            let movement = parameters["cause"]?.string.flatMap { Movement(rawValue: $0) } ?? cause
            Ledger.write(changed, from: before, movement, note: parameters["note"]?.string, in: unit)
            return true
        }
    }

    private var count: CommandDefinition {
        let counted = Field("on_hand", .pieces, "how many pieces were counted, reserved ones among them")
        return .change(
            "inventory.count", "Corrects one inventory by what was counted in the house.",
            [inventory.id, counted, Ledger.note], returns: .boolean,
            http: [HTTPBinding(.post, "/inventory/{id}/count", body: .object)]
        ) { parameters, unit throws(Refusal) in
            let onHand = parameters["on_hand"]?.number?.int64 ?? 0
            let before = try await inventory.existing(parameters, in: unit)
            let changed = try Stock.counted(onHand, before)
            Ledger.write(changed, from: before, .count, note: parameters["note"]?.string, in: unit)
            return true
        }
    }
}
