import HandlerRuntime
import ShopContracts

/// The rules of an order.
enum OrderRules {
    /// What is wrong with the references of an order.
    static func violations(in order: Order, missing: Set<ProductID>, customerExists: Bool) -> [Violation] {
        let products = order.productIDs.enumerated().filter { missing.contains($0.element) }.map {
            Violation("/product_ids/\($0.offset)", "must be of a product that there is")
        }
        return products + (customerExists ? [] : [Violation("/customer_id", "must be of a customer that there is")])
    }
}
