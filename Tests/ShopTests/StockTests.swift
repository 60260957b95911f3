import HandlerRuntime
import ShopContracts
import Testing

@testable import InventoryService

@Suite struct `The stock` {
    private func inventory(_ amount: Int64) -> Inventory {
        Inventory(id: ID(uuid(50)), productID: ID(uuid(1)), amount: amount)
    }

    private func products(_ numbers: Int...) -> [ProductID] { numbers.map { ID(uuid($0)) } }

    @Test(
        arguments: [(10, 1, 9), (1, 1, 0), (0, 0, 0), (0, -3, 3), (5, 5, 0), (5, -1, 6)] as [(Int64, Int64, Int64)])
    func `gives what it has`(there: Int64, wanted: Int64, left: Int64) throws {
        let after = try Stock.take(wanted, from: inventory(there))
        #expect(after == inventory(left))
    }

    @Test(arguments: [(0, 1), (9, 10), (0, Int64.max), (Stock.maxAmount, Stock.maxAmount + 1)] as [(Int64, Int64)])
    func `never gives more than it has`(there: Int64, wanted: Int64) {
        let code = refusalCode { _ = try Stock.take(wanted, from: inventory(there)) }
        #expect(code == .conflict)
    }

    @Test(
        arguments: [(Stock.maxAmount, -1), (1, -Stock.maxAmount), (1, Int64.min), (Int64.max, -1)]
            as [(Int64, Int64)])
    func `never holds more than every reader can read`(there: Int64, given: Int64) {
        let code = refusalCode { _ = try Stock.take(given, from: inventory(there)) }
        #expect(code == .conflict)
    }

    @Test func `says what is out of stock, and how much of it is there`() {
        do throws(Refusal) {
            _ = try Stock.take(3, from: inventory(2))
            Issue.record("it was given")
        } catch {
            #expect(error.message == "out of stock: 3 of the product \(uuid(1)) wanted, 2 there")
        }
    }

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
