import HandlerRuntime
import ShopContracts

/// The rules of the stock. What lies there is never less than nothing, and no piece goes to two orders.
enum Stock {
    /// How many more (or fewer) pieces of each product are wanted than before.
    static func demand(_ wanted: [ProductID], insteadOf before: [ProductID] = []) -> [ProductID: Int64] {
        var demand: [ProductID: Int64] = [:]
        for product in wanted { demand[product, default: 0] += 1 }
        for product in before { demand[product, default: 0] -= 1 }
        return demand.filter { $0.value != 0 }
    }

    /// The inventory after pieces were taken out of it.
    /// - Parameter pieces: how many; fewer than none puts them in.
    static func take(_ pieces: Int64, from inventory: Inventory) throws(Refusal) -> Inventory {
        let (amount, overflow) = inventory.amount.subtractingReportingOverflow(pieces)
        guard !overflow, amount <= maxAmount else {
            throw Refusal(.conflict, "the inventory \(inventory.id) cannot hold more than \(maxAmount) pieces")
        }
        guard amount >= 0 else {
            throw Refusal(
                .conflict,
                "out of stock: \(pieces) of the product \(inventory.productID) wanted, \(inventory.amount) there")
        }
        var changed = inventory
        changed.amount = amount
        return changed
    }

    /// The highest integer that every JSON reader takes exactly.
    static let maxAmount: Int64 = 9_007_199_254_740_991

    /// What an order is told whose product nobody keeps.
    static func missing(_ product: ProductID) -> Refusal {
        Refusal(.conflict, "the product \(product) has no inventory: nothing of it can be ordered")
    }
}
