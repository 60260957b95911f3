public import EventStore
public import HandlerRuntime
import JSON
import ShopContracts

/// How much of each product there is to sell.
public struct InventoryModule: HandlerModule {
    public let name = "inventory"
    public let summary = "The stock of each product"
    public let topics = [Inventory.definition, StockAlert.definition]
    public let projections = [
        Projection.unique(Inventory.byProduct, by: "product_id"), LowStock.projection,
        .ranking(Inventory.byAmount, version: "2", byNumber: { $0["amount"]?.number?.int64 }),
    ]

    public init() {}

    public var commands: [CommandDefinition] { InventoryCommands().definitions }
}
