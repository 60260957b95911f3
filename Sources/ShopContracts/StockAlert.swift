public import EventStore
public import HandlerRuntime
public import JSON

/// That a stock went low: no more can be sold than its inventory warns at.
public struct StockAlert: Entity {
    public static let definition = TopicDefinition("stock_alert", birth: .low, actions: [.low])

    public let id: ID<StockAlert>
    public let inventoryID: InventoryID
    public let productID: ProductID
    /// What could be sold then.
    public let amount: Int64
    public let lowStockAt: Int64

    public init(_ inventory: Inventory, level: Int64) {
        id = .random()
        inventoryID = inventory.id
        productID = inventory.productID
        amount = inventory.amount
        lowStockAt = level
    }

    public init(id: ID<StockAlert>, fields: Fields) throws(Fields.Mismatch) {
        self.id = id
        inventoryID = try fields.id("inventory_id")
        productID = try fields.id("product_id")
        amount = try fields.int64("amount")
        lowStockAt = try fields.int64("low_stock_at")
    }

    public func write(to writer: inout JSONWriter) {
        writer.member("inventory_id", inventoryID.text)
        writer.member("product_id", productID.text)
        writer.member("amount", amount)
        writer.member("low_stock_at", lowStockAt)
    }
}

extension Action {
    public static let low: Action = "low"
}
