/// What a client does. Things are named by numbers: the which-th order, counted in the order of their placing and from
/// the beginning again. So whatever is left out of a sequence, the rest of it still makes sense.
enum Deed: Sendable, CustomStringConvertible {
    case addCustomer
    case addProduct(cents: Int, pieces: Int)
    case increment(product: Int, by: Int)
    case decrement(product: Int, by: Int)
    case count(product: Int, onHand: Int)
    case offer(product: Int, amount: Int)
    case order(customer: Int, products: [Int])
    case change(order: Int, products: [Int])
    case cancel(order: Int)
    case delete(order: Int)
    case bill(order: Int)
    case unbill(order: Int)
    case refund(order: Int, cents: Int)
    case prepare(order: Int)
    case ship(order: Int)
    case deliver(order: Int)
    case put(customer: Int, product: Int, pieces: Int)
    case remove(customer: Int, product: Int)
    case checkOut(customer: Int)

    var description: String {
        switch self {
        case .addCustomer: "add a customer"
        case .addProduct(let cents, let pieces): "add a product for \(cents) cents, \(pieces) pieces"
        case .increment(let product, let by): "put \(by) into the stock of product \(product)"
        case .decrement(let product, let by): "take \(by) out of the stock of product \(product)"
        case .count(let product, let onHand): "count \(onHand) of product \(product)"
        case .offer(let product, let amount): "offer \(amount) of product \(product)"
        case .order(let customer, let products): "customer \(customer) orders products \(products)"
        case .change(let order, let products): "change order \(order) to products \(products)"
        case .cancel(let order): "cancel order \(order)"
        case .delete(let order): "delete order \(order)"
        case .bill(let order): "bill order \(order)"
        case .unbill(let order): "take the billing of order \(order) back"
        case .refund(let order, let cents): "refund \(cents) cents of order \(order)"
        case .prepare(let order): "prepare the parcel of order \(order)"
        case .ship(let order): "ship order \(order)"
        case .deliver(let order): "deliver order \(order)"
        case .put(let customer, let product, let pieces):
            "customer \(customer) puts \(pieces) of product \(product) into the cart"
        case .remove(let customer, let product): "customer \(customer) takes product \(product) out of the cart"
        case .checkOut(let customer): "customer \(customer) checks out"
        }
    }
}

extension Deed {
    /// So much of each kind that orders get far, and stocks run out.
    static func random(_ dice: inout Dice) -> Deed {
        let (who, what) = (dice.roll(0...2), dice.roll(0...3))
        // Young ones most: old ones are done with.
        let order = dice.roll(0...2) == 0 ? dice.roll(0...20) : -1 - dice.roll(0...3)
        switch dice.roll(0...39) {
        case 0: return .addCustomer
        case 1: return .addProduct(cents: dice.roll(0...2_000), pieces: dice.roll(0...12))
        case 2...3: return .increment(product: what, by: dice.roll(1...6))
        case 4: return .decrement(product: what, by: dice.roll(1...6))
        case 5: return .count(product: what, onHand: dice.roll(0...12))
        case 6: return .offer(product: what, amount: dice.roll(0...12))
        case 7...13: return .order(customer: who, products: products(&dice))
        case 14...15: return .change(order: order, products: products(&dice))
        case 16...17: return .cancel(order: order)
        case 18: return .delete(order: order)
        case 19...23: return .bill(order: order)
        case 24: return .unbill(order: order)
        case 25...26: return .refund(order: order, cents: dice.roll(1...1_500))
        case 27...29: return .prepare(order: order)
        case 30...32: return .ship(order: order)
        case 33...34: return .deliver(order: order)
        case 35...37: return .put(customer: who, product: what, pieces: dice.roll(1...4))
        case 38: return .remove(customer: who, product: what)
        default: return .checkOut(customer: who)
        }
    }

    private static func products(_ dice: inout Dice) -> [Int] {
        (0..<dice.roll(1...4)).map { _ in dice.roll(0...3) }
    }

    /// A shop to begin with, and what happens in it.
    static func sequence(_ dice: inout Dice, count: Int) -> [Deed] {
        [.addCustomer, .addProduct(cents: 250, pieces: 9), .addProduct(cents: 1_999, pieces: 5)]
            + (0..<count).map { _ in random(&dice) }
    }
}
