import HandlerRuntime
import ShopContracts

/// The rules of the stock. No more is promised than lies in the house, and no piece to two orders:
/// 0 ≤ reserved ≤ on hand ≤ `maxAmount`.
enum Stock {
    /// How many more (or fewer) pieces of each product are wanted than before.
    static func demand(_ wanted: [ProductID], insteadOf before: [ProductID] = []) -> [ProductID: Int64] {
        var demand: [ProductID: Int64] = [:]
        for product in wanted { demand[product, default: 0] += 1 }
        for product in before { demand[product, default: 0] -= 1 }
        return demand.filter { $0.value != 0 }
    }

    // MARK: Orders

    /// Pieces are promised to an order.
    /// - Parameter pieces: how many; fewer than none gives them back.
    static func reserve(_ pieces: Int64, in inventory: Inventory) throws(Refusal) -> Inventory {
        if pieces < 0 { return try release(pieces.magnitude, of: inventory) }
        guard pieces <= inventory.amount else { throw outOfStock(pieces.magnitude, inventory) }
        var changed = inventory
        changed.reserved += pieces
        return changed
    }

    /// An order does without its pieces.
    ///
    /// One that was placed before there was a ledger has none reserved: its pieces had left the amount and come back
    /// into it.
    static func release(_ pieces: UInt64, of inventory: Inventory) throws(Refusal) -> Inventory {
        guard let pieces = Int64(exactly: pieces) else { throw tooMuch(inventory) }
        var changed = inventory
        changed.reserved -= min(pieces, inventory.reserved)
        return try put(pieces - min(pieces, inventory.reserved), into: changed)
    }

    /// The pieces of an order leave the house. Those of an order of before the ledger have left the books already.
    static func ship(_ pieces: Int64, from inventory: Inventory) -> Inventory {
        var changed = inventory
        changed.reserved -= min(pieces, inventory.reserved)
        changed.onHand -= min(pieces, inventory.reserved)
        return changed
    }

    // MARK: The house

    /// Pieces come into the house; fewer than none leave it.
    static func put(_ pieces: Int64, into inventory: Inventory) throws(Refusal) -> Inventory {
        let (onHand, overflow) = inventory.onHand.addingReportingOverflow(pieces)
        guard overflow || onHand >= inventory.reserved else { throw outOfStock(pieces.magnitude, inventory) }
        return try having(onHand, overflow, inventory)
    }

    /// So many can be sold: what is reserved lies there besides.
    static func offering(_ amount: Int64, _ inventory: Inventory) throws(Refusal) -> Inventory {
        let (onHand, overflow) = amount.addingReportingOverflow(inventory.reserved)
        return try having(onHand, overflow, inventory)
    }

    /// So many were counted in the house.
    static func counted(_ onHand: Int64, _ inventory: Inventory) throws(Refusal) -> Inventory {
        guard onHand >= inventory.reserved else {
            throw Refusal(
                .conflict,
                "\(onHand) pieces were counted, but \(inventory.reserved) are reserved for orders: cancel or change "
                    + "orders of the product \(inventory.productID) first, or count again")
        }
        return try having(onHand, false, inventory)
    }

    /// The highest integer that every JSON reader takes exactly.
    static let maxAmount: Int64 = 9_007_199_254_740_991

    private static func having(
        _ onHand: Int64, _ overflow: Bool, _ inventory: Inventory
    ) throws(Refusal) -> Inventory {
        guard !overflow, onHand <= maxAmount else { throw tooMuch(inventory) }
        var changed = inventory
        changed.onHand = onHand
        return changed
    }

    // MARK: Refusals

    private static func outOfStock(_ pieces: UInt64, _ inventory: Inventory) -> Refusal {
        Refusal(
            .conflict,
            "out of stock: \(pieces) of the product \(inventory.productID) wanted, \(inventory.amount) there")
    }

    private static func tooMuch(_ inventory: Inventory) -> Refusal {
        Refusal(.conflict, "the inventory \(inventory.id) cannot hold more than \(maxAmount) pieces")
    }

    /// What an order is told whose product nobody keeps.
    static func missing(_ product: ProductID) -> Refusal {
        Refusal(.conflict, "the product \(product) has no inventory: nothing of it can be ordered")
    }
}
