import JSON

// What the tests sell, and to whom.

func customer(_ name: String) -> JSONValue {
    ["name": .string(name), "email": .string("\(name.lowercased())@example.org")]
}

func product(_ name: String, price: JSONValue = 3) -> JSONValue { ["name": .string(name), "price": price] }

func inventory(_ product: String, _ amount: Int64) -> JSONValue {
    ["product_id": .string(product), "amount": .number(JSONNumber(amount))]
}

func order(_ products: [String], by customer: String) -> JSONValue {
    ["product_ids": .list(products), "customer_id": .string(customer)]
}

func billing(_ order: String) -> JSONValue { ["order_id": .string(order)] }

/// An id that nothing has.
let nobody = "00000000-0000-4000-8000-000000000000"

extension Shop {
    /// A product with a stock.
    func stock(_ name: String, _ amount: Int64, price: JSONValue = 3) async throws -> Goods {
        let product = try await createOne("/products", product(name, price: price))
        return Goods(product: product, inventory: try await createOne("/inventory", inventory(product, amount)))
    }

    func amount(_ goods: Goods) async throws -> Int64? {
        try await get("/inventory/\(goods.inventory)")["amount"]?.number?.int64
    }
}

/// A product and its inventory, by their ids.
struct Goods: Sendable {
    let product: String
    let inventory: String
}
