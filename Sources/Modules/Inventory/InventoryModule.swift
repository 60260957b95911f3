public import EventStore
public import HandlerRuntime
import ShopContracts

/// How much of each product there is to sell.
public struct InventoryModule: HandlerModule {
    public let name = "inventory"
    public let summary = "The stock of each product"
    public let topics = [Inventory.definition, StockAlert.definition]
    public let projections = [Projection.unique(Inventory.byProduct, by: "product_id"), LowStock.projection]

    public init() {}

    public var commands: [CommandDefinition] { InventoryCommands().definitions }
}
