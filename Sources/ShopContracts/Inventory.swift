public import EventStore
public import HandlerRuntime
public import JSON

public typealias InventoryID = ID<Inventory>

/// How many pieces of a product there are to sell.
public struct Inventory: Entity {
    public static let definition = TopicDefinition("inventory")
    /// A product has at most one inventory.
    public static let byProduct = UniqueIndex("inventory", "product_id")
    public static let fields = [
        Field("product_id", .uuid, "the product that lies there"),
        Field("amount", .pieces, "how many pieces can be sold"),
    ]

    public let id: InventoryID
    public let productID: ProductID
    public var amount: Int64

    public init(id: InventoryID, fields: Fields) throws(Fields.Mismatch) {
        self.id = id
        productID = try fields.id("product_id")
        amount = try fields.int64("amount")
    }

    public init(id: InventoryID, productID: ProductID, amount: Int64) {
        self.id = id
        self.productID = productID
        self.amount = amount
    }

    public func write(to writer: inout JSONWriter) {
        writer.member("product_id", productID.text)
        writer.member("amount", amount)
    }

    /// The inventory of a product.
    public static func reference(of product: ProductID) -> EntityReference { .unique(byProduct, product.text) }
}

/// The inventory's commands that other modules call within a step of their own.
public enum StockCommand {
    /// Takes the pieces of an order out of the stock, all or none.
    /// - Parameter instead: pieces that the order had before, which go back in the same step.
    public static func reserve(
        _ products: [ProductID], for order: OrderID, instead: [ProductID] = [], in unit: UnitOfWork
    ) async throws(Refusal) {
        var parameters = parameters(products, order)
        if !instead.isEmpty { parameters["instead_of"] = list(instead) }
        _ = try await unit.call("inventory.reserve", parameters)
    }

    /// Gives the pieces of an order back.
    public static func release(
        _ products: [ProductID], of order: OrderID, in unit: UnitOfWork
    ) async throws(Refusal) {
        _ = try await unit.call("inventory.release", parameters(products, order))
    }

    private static func parameters(_ products: [ProductID], _ order: OrderID) -> JSONObject {
        JSONObject([("order_id", .string(order.text)), ("product_ids", list(products))])
    }

    private static func list(_ products: [ProductID]) -> JSONValue { .array(products.map { .string($0.text) }) }
}
