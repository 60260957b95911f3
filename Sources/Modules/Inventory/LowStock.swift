import EventStore
import HandlerRuntime
import JSON
import ShopContracts

/// Who watches that there is enough of everything.
struct LowStock {
    static let index = "inventory.low"
    private let inventory = EntityCommands<Inventory>("inventory", plural: "inventory", fields: Inventory.fields)

    var definitions: [CommandDefinition] { [level, list] }

    /// The inventories that are low, those first that have been for longest.
    static let projection = Projection(of: Inventory.topic, named: index) { change in
        switch (isLow(change.before), isLow(change.after)) {
        case (false, true): [.add(index: index, id: change.id)]
        case (true, false): [.remove(index: index, id: change.id)]
        case (false, false), (true, true): []
        }
    }

    private static func isLow(_ object: JSONObject?) -> Bool {
        guard let object, let inventory = try? Inventory(stored: object) else { return false }
        return inventory.isLow
    }

    private var level: CommandDefinition {
        let level = Field(
            "low_stock_at", .pieces, required: false, "low is when no more than these can be sold; none: never")
        return .change(
            "inventory.level", "Says when the stock of one inventory is low.", [inventory.id, level],
            returns: .boolean, http: [HTTPBinding(.put, "/inventory/{id}/level", body: .object)]
        ) { parameters, unit throws(Refusal) in
            let before = try await inventory.existing(parameters, in: unit)
            var after = before
            after.lowStockAt = parameters["low_stock_at"]?.number?.int64
            Ledger.write(after, from: before, .level, in: unit)
            return true
        }
    }

    private var list: CommandDefinition {
        inventory.list(
            Self.index, "The inventories whose stock is low, those first that have been low for longest.",
            at: "/inventory/low")
    }
}
