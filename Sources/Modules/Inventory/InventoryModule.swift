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
        Projection.unique(Inventory.byProduct), LowStock.projection,
        .ranking(Inventory.byAmount, version: "2", byNumber: { $0["amount"]?.number?.int64 }),
    ]

    private let lowStockAt: Int64?

    /// - Parameter lowStockAt: when the stock of a new inventory is low, unless it says so itself; nil: never.
    public init(lowStockAt: Int64? = nil) { self.lowStockAt = lowStockAt }

    public var commands: [CommandDefinition] { InventoryCommands(lowStockAt: lowStockAt).definitions }
}
