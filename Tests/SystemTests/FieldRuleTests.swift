import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `A field that is missing or wrong is a 422 that points to it` {
    /// Posts `object` with one member replaced by each value, and expects a complaint about that member alone.
    private func refuse(
        _ member: String, _ values: [JSONValue?], in object: JSONValue, at path: String, _ shop: Shop,
        pointer: String? = nil
    ) async throws {
        for value in values {
            var changed = try #require(object.object)
            changed[member] = value
            let response = try await shop.request("POST", path, .object(changed))
            let what = "\(path) \(member)=\(value?.text.prefix(100) ?? "(none)")"
            try expectProblem(response, 422, pointers: [pointer ?? "/\(member)"], what)
        }
    }

    private static let noText: [JSONValue?] = [nil, .null, 3, true, [], [:]]
    private static let noNames: [JSONValue?] =
        noText + ["", "  ", "a\nb", "a\r\nBcc: x@example.org", "tab\there", "\u{0}", "\u{85}", "\u{7F}"]
        + [.string(String(repeating: "x", count: 201))]

    @Test func `a customer has a name of one line and one plain e-mail address`() async throws {
        let addresses: [JSONValue?] = [
            "", "ada", "@example.org", "ada@", "a@b@c", "a b@example.org", "ada@exa mple.org", "ada@example..org",
            ".ada@example.org", "ada@example.org\r\nBcc: x@example.org", "ada@example.org\n",
            "Ada <ada@example.org>",
            "ada,bob@example.org", "ädä@example.org", "ada@exämple.org", " ada@example.org",
            .string(String(repeating: "a", count: 65) + "@example.org"),
            .string("a@" + Array(repeating: "abcdefghi", count: 26).joined(separator: ".")),
        ]
        try await withShop { shop in
            try await shop.expectNoChange {
                try await refuse("name", Self.noNames, in: customer("Ada"), at: "/customers", shop)
                try await refuse("email", Self.noText + addresses, in: customer("Ada"), at: "/customer", shop)
            }
        }
    }

    @Test func `a product has a name and a price in at most cents`() async throws {
        let prices: [JSONValue?] = [
            nil, .null, "3", true, [3], -1, .decimal("-0.01"), .decimal("1.005"), .decimal("1e-3"),
            .decimal("1e400"), .decimal("1000000000"), .decimal("99999999999999999999999"),
        ]
        try await withShop { shop in
            try await shop.expectNoChange {
                try await refuse("name", Self.noNames, in: product("Tea"), at: "/products", shop)
                try await refuse("price", prices, in: product("Tea"), at: "/product", shop)
            }
            for price in ["0", "0.01", "12.50", "1e2", "999999999.99", "3.10e0"] {
                let id = try await shop.createOne("/products", product("Tea", price: .decimal(price)))
                let read = try await shop.get("/product/\(id)")["price"]?.number?.scaled(toFractionDigits: 2)
                #expect(read == JSONValue.decimal(price).number?.scaled(toFractionDigits: 2))
            }
        }
    }

    @Test func `an inventory has a known product and a whole amount that is not negative`() async throws {
        let amounts: [JSONValue?] = [
            nil, .null, "3", true, -1, .decimal("1.5"), .decimal("9007199254740992"), .decimal("1e30"),
        ]
        try await withShop { shop in
            let tea = try await shop.createOne("/products", product("Tea"))
            let good = inventory(tea, 3)
            try await shop.expectNoChange {
                try await refuse("amount", amounts, in: good, at: "/inventory", shop)
                let products: [JSONValue?] = Self.noText + ["", "no-uuid", .string(nobody), .string(tea + "0")]
                try await refuse("product_id", products, in: good, at: "/inventory", shop)
            }
            let most = try await shop.createOne("/inventory", inventory(tea, 9_007_199_254_740_991))
            #expect(try await shop.get("/inventory/\(most)")["amount"] == 9_007_199_254_740_991)
        }
    }

    @Test func `an order has a known customer and one to a thousand known products`() async throws {
        try await withShop { shop in
            let tea = try await shop.stock("Tea", 5000)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let good = order([tea.product], by: ada)
            try await shop.expectNoChange {
                let lists: [JSONValue?] = [
                    nil, .null, "x", 3, [:], [], .list(Array(repeating: tea.product, count: 1001)),
                ]
                try await refuse("product_ids", lists, in: good, at: "/orders", shop)
                for element: JSONValue in [3, "no-uuid", .null, .string(nobody)] {
                    try await refuse(
                        "product_ids", [[.string(tea.product), element]], in: good, at: "/order", shop,
                        pointer: "/product_ids/1")
                }
                let customers: [JSONValue?] = Self.noText + ["no-uuid", .string(nobody), .string(tea.product)]
                try await refuse("customer_id", customers, in: good, at: "/orders", shop)
            }
            let many = order(Array(repeating: tea.product, count: 1000), by: ada)
            _ = try await shop.createOne("/orders", many)
            #expect(try await shop.amount(tea) == 4000)
        }
    }

    @Test func `a billing has a known order and a time that can be one`() async throws {
        try await withShop { shop in
            let tea = try await shop.stock("Tea", 5)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let good = billing(try await shop.createOne("/orders", order([tea.product], by: ada)))
            try await shop.expectNoChange {
                let orders: [JSONValue?] = Self.noText + ["no-uuid", .string(nobody), .string(ada)]
                try await refuse("order_id", orders, in: good, at: "/billings", shop)
                try await refuse("done", ["now", true, -1, .decimal("1e99")], in: good, at: "/billing", shop)
            }
        }
    }

    @Test func `an unknown field is refused, an id at creation too`() async throws {
        try await withShop { shop in
            let ada = try await shop.createOne("/customers", customer("Ada"))
            try await shop.expectNoChange {
                try await refuse("phone", ["1"], in: customer("Ada"), at: "/customers", shop)
                try await refuse("a/b~c", ["1"], in: product("Tea"), at: "/products", shop, pointer: "/a~1b~0c")
                try await refuse("id", [.string(nobody)], in: customer("Ada"), at: "/customers", shop)
                let response = try await shop.request("POST", "/customers", ["nam": "A", "email": "a@example.org"])
                try expectProblem(response, 422, pointers: ["/name", "/nam"], "misspelt")
                let put: JSONValue = ["name": "Ada", "email": "ada@example.org", "id": .string(nobody)]
                try expectProblem(await shop.request("PUT", "/customer/\(ada)", put), 422, pointers: ["/id"], "id")
            }
        }
    }

    @Test func `a body is an object, or an array of them where things are created`() async throws {
        try await withShop { shop in
            let ada = try await shop.createOne("/customers", customer("Ada"))
            try await shop.expectNoChange {
                for body: JSONValue in ["Ada", 3, true, .null] {
                    try expectProblem(
                        await shop.request("POST", "/customers", body), 422, pointers: [""], body.text)
                    let put = try await shop.request("PUT", "/customer/\(ada)", body)
                    try expectProblem(put, 422, pointers: [""], body.text)
                }
                try expectProblem(await shop.request("PUT", "/customer/\(ada)", [customer("Eve")]), 422, "array")
                let half = try await shop.request("PUT", "/customer/\(ada)", ["name": "Eve"])
                try expectProblem(half, 422, pointers: ["/email"], "half")
            }
        }
    }
}
