import HandlerRuntime
import JSON
import ShopContracts
import Testing

@testable import InventoryService

@Suite struct `The stock` {
    private func inventory(_ onHand: Int64, reserved: Int64 = 0) -> Inventory {
        Inventory(id: ID(uuid(50)), productID: ID(uuid(1)), onHand: onHand, reserved: reserved)
    }

    private func products(_ numbers: Int...) -> [ProductID] { numbers.map { ID(uuid($0)) } }

    // MARK: Orders

    @Test(arguments: [(10, 0, 1, 1), (1, 0, 1, 1), (9, 4, 5, 9), (3, 2, 0, 2)] as [(Int64, Int64, Int64, Int64)])
    func `promises what can be sold`(onHand: Int64, reserved: Int64, wanted: Int64, then: Int64) throws {
        let after = try Stock.reserve(wanted, in: inventory(onHand, reserved: reserved))
        #expect(after == inventory(onHand, reserved: then))
    }

    @Test(arguments: [(0, 0, 1), (9, 0, 10), (9, 4, 6), (0, 0, Int64.max)] as [(Int64, Int64, Int64)])
    func `never promises more than can be sold`(onHand: Int64, reserved: Int64, wanted: Int64) {
        let code = refusalCode { _ = try Stock.reserve(wanted, in: inventory(onHand, reserved: reserved)) }
        #expect(code == .conflict)
    }

    @Test func `says what is out of stock, and how much of it is there`() {
        do throws(Refusal) {
            _ = try Stock.reserve(3, in: inventory(6, reserved: 4))
            Issue.record("it was given")
        } catch {
            #expect(error.message == "out of stock: 3 of the product \(uuid(1)) wanted, 2 there")
        }
    }

    @Test func `can sell again what an order does without`() throws {
        let after = try Stock.reserve(-3, in: inventory(9, reserved: 5))
        #expect(after == inventory(9, reserved: 2))
    }

    @Test func `has less on hand when an order is shipped, and no less to sell`() {
        let after = Stock.ship(3, from: inventory(9, reserved: 5))
        #expect(after == inventory(6, reserved: 2))
        #expect(after.amount == inventory(9, reserved: 5).amount)
    }

    // MARK: Orders of before the ledger, whose pieces had left the amount when they were placed

    @Test func `gets back the pieces of an order of before the ledger`() throws {
        let none = try Stock.reserve(-3, in: inventory(9))
        #expect(none == inventory(12))
        let some = try Stock.reserve(-3, in: inventory(9, reserved: 1))
        #expect(some == inventory(11))
    }

    @Test func `does not lose the pieces of an order of before the ledger twice`() {
        #expect(Stock.ship(3, from: inventory(9)) == inventory(9))
        #expect(Stock.ship(3, from: inventory(9, reserved: 1)) == inventory(8))
    }

    @Test(arguments: [[-2, -3], [-3, -2]] as [[Int64]])
    func `has the same to sell, whichever of an old and a new order goes first`(orders: [Int64]) throws {
        var stock = inventory(10)
        stock = try Stock.reserve(3, in: stock)
        for pieces in orders { stock = try Stock.reserve(pieces, in: stock) }
        #expect(stock == inventory(12))
    }

    @Test func `takes the amount of an event that knows of nothing else`() throws {
        let old = try Inventory.stored(#"{"id":"\#(uuid(50))","product_id":"\#(uuid(1))","amount":7}"#)
        #expect(old == inventory(7))
        let foreign = try Inventory.stored(
            #"{"id":"\#(uuid(50))","product_id":"\#(uuid(1))","amount":7,"on_hand":99,"reserved":2}"#)
        #expect(foreign == inventory(9, reserved: 2))
    }

    // MARK: The house

    @Test(
        arguments: [(10, 0, -1, 9), (1, 0, -1, 0), (5, 5, 0, 5), (9, 4, -5, 4), (5, 5, 1, 6)]
            as [(Int64, Int64, Int64, Int64)])
    func `takes in and gives out`(onHand: Int64, reserved: Int64, pieces: Int64, then: Int64) throws {
        let after = try Stock.put(pieces, into: inventory(onHand, reserved: reserved))
        #expect(after == inventory(then, reserved: reserved))
    }

    @Test(arguments: [(0, 0, -1), (9, 4, -6), (Stock.maxAmount, 0, Int64.min)] as [(Int64, Int64, Int64)])
    func `never gives out what is not there, or promised`(onHand: Int64, reserved: Int64, pieces: Int64) {
        let code = refusalCode { _ = try Stock.put(pieces, into: inventory(onHand, reserved: reserved)) }
        #expect(code == .conflict)
    }

    @Test(arguments: [(Stock.maxAmount, 1), (1, Stock.maxAmount), (1, Int64.max)] as [(Int64, Int64)])
    func `never holds more than every reader can read`(there: Int64, given: Int64) {
        #expect(refusalCode { _ = try Stock.put(given, into: inventory(there)) } == .conflict)
        #expect(refusalCode { _ = try Stock.offering(given, inventory(there, reserved: there)) } == .conflict)
        let backs = refusalCode { _ = try Stock.release(given.magnitude, of: inventory(there)) }
        #expect(backs == .conflict)
    }

    @Test func `offers what it is told to, beside what is reserved`() throws {
        let after = try Stock.offering(20, inventory(9, reserved: 4))
        #expect(after == inventory(24, reserved: 4))
    }

    @Test func `is what was counted`() throws {
        #expect(try Stock.counted(4, inventory(9, reserved: 4)) == inventory(4, reserved: 4))
        #expect(try Stock.counted(11, inventory(9, reserved: 4)) == inventory(11, reserved: 4))
    }

    @Test func `is not counted below what orders wait for`() {
        do throws(Refusal) {
            _ = try Stock.counted(3, inventory(9, reserved: 4))
            Issue.record("it was taken")
        } catch {
            #expect(error.code == .conflict)
            let start = "3 pieces were counted, but 4 are reserved for orders: cancel or change orders"
            #expect(error.message == "\(start) of the product \(uuid(1)) first, or count again")
        }
    }

    // MARK: Demand

    @Test func `is asked for as often as a product stands in the order`() {
        let demand = Stock.demand(products(1, 2, 1, 1))
        #expect(demand == [ID(uuid(1)): 3, ID(uuid(2)): 1])
        #expect(Stock.demand([]) == [:])
    }

    @Test func `is asked only for the difference when an order changes`() {
        let demand = Stock.demand(products(1, 1, 2, 3), insteadOf: products(1, 3, 4, 4))
        #expect(demand == [ID(uuid(1)): 1, ID(uuid(2)): 1, ID(uuid(4)): -2])
        #expect(Stock.demand(products(1, 2), insteadOf: products(2, 1)) == [:])
        #expect(Stock.demand([], insteadOf: products(1)) == [ID(uuid(1)): -1])
    }
}
