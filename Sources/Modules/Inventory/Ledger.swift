import HandlerRuntime
import ShopContracts

/// How an inventory's events say why it changed.
enum Ledger {
    static let note = Field("note", .line(1...500), required: false, "what else there is to say about it")

    static func metadata(_ movement: Movement, order: String? = nil, note: String? = nil) -> UnitOfWork.Metadata {
        [("movement", movement.rawValue)] + (order.map { [("order_id", $0)] } ?? [])
            + (note.map { [("note", $0)] } ?? [])
    }

    static func write(
        _ inventory: Inventory, _ movement: Movement, order: String? = nil, note: String? = nil, in unit: UnitOfWork
    ) {
        unit.update(inventory, metadata: metadata(movement, order: order, note: note))
    }
}
