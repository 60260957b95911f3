import HandlerRuntime
import ShopContracts
import Testing

@testable import OrderService

@Suite struct `An order` {
    @Test func `of products that there are, by a customer that there is, is right`() throws {
        #expect(OrderRules.violations(in: try .of([1, 2, 1]), missing: [], customerExists: true) == [])
    }

    @Test func `names each place of a product that there is not, and the customer`() throws {
        let violations = OrderRules.violations(
            in: try .of([1, 2, 1, 3]), missing: [ID(uuid(1)), ID(uuid(3))], customerExists: false)
        #expect(
            violations.map(\.pointer) == ["/product_ids/0", "/product_ids/2", "/product_ids/3", "/customer_id"])
    }
}
