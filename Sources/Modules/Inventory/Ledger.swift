import HandlerRuntime
import ShopContracts

/// How an inventory's events say why it changed.
enum Ledger {
    static let note = Field("note", .line(1...500), required: false, "what else there is to say about it")

    static func metadata(_ movement: Movement, order: String? = nil, note: String? = nil) -> UnitOfWork.Metadata {
        [("movement", movement.rawValue)] + (order.map { [("order_id", $0)] } ?? [])
            + (note.map { [("note", $0)] } ?? [])
    }

    /// Whoever waits for it is told when the stock goes low.
    static func write(
        _ inventory: Inventory, from before: Inventory, _ movement: Movement, order: String? = nil,
        note: String? = nil, in unit: UnitOfWork
    ) {
        unit.update(inventory, metadata: metadata(movement, order: order, note: note))
        warn(of: inventory, before, in: unit)
    }

    /// Once each time that the stock goes low, not as long as it is.
    static func warn(of inventory: Inventory, _ before: Inventory?, in unit: UnitOfWork) {
        guard let level = inventory.lowStockAt, inventory.isLow, before?.isLow != true else { return }
        unit.create(StockAlert(inventory, level: level))
    }
}
