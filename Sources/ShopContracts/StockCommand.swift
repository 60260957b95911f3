public import HandlerRuntime
import JSON

/// The inventory's commands that other modules call within a step of their own.
public enum StockCommand {
    /// Reserves the pieces of an order, all or none.
    /// - Parameter instead: pieces that the order had before, which can be sold again in the same step.
    public static func reserve(
        _ products: [ProductID], for order: OrderID, instead: [ProductID] = [], in unit: UnitOfWork
    ) async throws(Refusal) {
        var parameters = parameters(products, order)
        if !instead.isEmpty { parameters["instead_of"] = list(instead) }
        _ = try await unit.call("inventory.reserve", parameters)
    }

    /// Gives the pieces of an order back: it will not be shipped.
    public static func release(
        _ products: [ProductID], of order: OrderID, in unit: UnitOfWork
    ) async throws(Refusal) {
        _ = try await unit.call("inventory.release", parameters(products, order))
    }

    /// The pieces of an order leave the house.
    public static func deliver(
        _ products: [ProductID], of order: OrderID, in unit: UnitOfWork
    ) async throws(Refusal) {
        _ = try await unit.call("inventory.ship", parameters(products, order))
    }

    private static func parameters(_ products: [ProductID], _ order: OrderID) -> JSONObject {
        JSONObject([("order_id", .string(order.text)), ("product_ids", list(products))])
    }

    private static func list(_ products: [ProductID]) -> JSONValue { .array(products.map { .string($0.text) }) }
}
