public import EventStore
public import HandlerRuntime
public import JSON

public typealias InventoryID = ID<Inventory>

/// The stock of a product: how many pieces lie in the house, and how many of them are promised to orders.
///
/// Inventories of before there was a ledger, and those that another program wrote, have an amount only: their orders'
/// pieces had left it when they were placed.
public struct Inventory: Entity {
    public static let definition = TopicDefinition("inventory", upcasters: [withLedger])
    /// A product has at most one inventory.
    public static let byProduct = UniqueIndex("inventory", "product_id")
    public static let byAmount = Ranking.byNumber("inventory", "amount")
    public static let fields = [
        Field("product_id", .uuid, "the product that lies there"),
        Field("amount", .pieces, "how many pieces can be sold"),
        Field("low_stock_at", .pieces, required: false, "low is when no more than these can be sold"),
    ]
    /// What the shop writes into an inventory by itself.
    public static let ownFields = ["on_hand", "reserved"].map { Field($0, .anything, required: false) }

    public let id: InventoryID
    public let productID: ProductID
    /// Pieces in the house.
    public var onHand: Int64
    /// Those of them that orders wait for.
    public var reserved: Int64
    /// How many can be sold.
    public var amount: Int64 { onHand - reserved }
    /// The stock is low when no more can be sold; nil: never.
    public var lowStockAt: Int64?

    public var isLow: Bool { lowStockAt.map { amount <= $0 } ?? false }

    /// What counts is the amount: who knows of no more has changed nothing else.
    public init(id: InventoryID, fields: Fields) throws(Fields.Mismatch) {
        let amount = try fields.int64("amount")
        let reserved = max(0, fields.object["reserved"]?.number?.int64 ?? 0)
        let (onHand, overflow) = amount.addingReportingOverflow(reserved)
        if overflow { throw Fields.Mismatch("reserved") }
        self.init(id: id, productID: try fields.id("product_id"), onHand: onHand, reserved: reserved)
        lowStockAt = fields.object["low_stock_at"]?.number?.int64
    }

    public init(id: InventoryID, productID: ProductID, onHand: Int64, reserved: Int64 = 0) {
        self.id = id
        self.productID = productID
        self.onHand = onHand
        self.reserved = reserved
    }

    public func write(to writer: inout JSONWriter) {
        writer.member("product_id", productID.text)
        writer.member("amount", amount)
        writer.member("on_hand", onHand)
        writer.member("reserved", reserved)
        if let lowStockAt { writer.member("low_stock_at", lowStockAt) }
    }

    /// From the first form: what can be sold lies there, and nothing is reserved.
    private static let withLedger: Upcaster = { old in
        var inventory = old
        if old["on_hand"] == nil { inventory["on_hand"] = old["amount"] }
        if old["reserved"] == nil { inventory["reserved"] = 0 }
        return inventory
    }

    /// The inventory of a product.
    public static func reference(of product: ProductID) -> EntityReference { .unique(byProduct, product.text) }
}
