import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `A cart` {
    @Test func `is opened by what is first put into it, and a customer has one`() async throws {
        try await withShop { shop in
            let (ada, tea, cup) = try await shop.visitor()
            let ids = try await shop.create("/carts", [put(tea, by: ada, 2), put(cup, by: ada), put(tea, by: ada)])
            let cart = try #require(ids.first)
            #expect(Set(ids) == [cart])
            let found = try await shop.get("/customer/\(ada)/cart")
            #expect(found == (try await shop.get("/cart/\(cart)")))
            #expect(found["lines"] == [line(tea, 3), line(cup, 1)] && found["status"] == "open")
            #expect(try await shop.get("/customer/\(nobody)/cart") == .null)
            // It reserves nothing.
            #expect(try await shop.ledger(tea) == [5, 5, 0])
        }
    }

    @Test func `is changed line by line`() async throws {
        try await withShop { shop in
            let (ada, tea, cup) = try await shop.visitor()
            let cart = try await shop.create("/carts", [put(tea, by: ada, 2), put(cup, by: ada)])[0]
            let lines = "/cart/\(cart)/lines"
            #expect(try await shop.request("PUT", "\(lines)/\(cup.product)", ["pieces": 4]).text == "true")
            #expect(try await shop.request("DELETE", "\(lines)/\(tea.product)").text == "true")
            #expect(try await shop.get("/cart/\(cart)")["lines"] == [line(cup, 4)])
            #expect(try await shop.request("PUT", "\(lines)/\(cup.product)", ["pieces": 0]).text == "true")
            #expect(try await shop.get("/cart/\(cart)")["lines"] == [])
            try await shop.expectNoChange {
                try expectProblem(await shop.request("DELETE", "\(lines)/\(tea.product)"), 404, "not in it")
                let unknown = try await shop.request("PUT", "\(lines)/\(nobody)", ["pieces": 1])
                try expectProblem(unknown, 422, pointers: ["/product_id"], "no product")
                let many = try await shop.request("PUT", "\(lines)/\(tea.product)", ["pieces": 1_001])
                try expectProblem(many, 422, pointers: ["/pieces"], "too many")
                let strange = try await shop.request("POST", "/carts", put(tea, by: nobody))
                try expectProblem(strange, 422, pointers: ["/customer_id"], "no customer")
                let away = try await shop.request("PUT", "/cart/\(nobody)/lines/\(tea.product)", ["pieces": 1])
                try expectProblem(away, 404, "no cart")
                try expectProblem(await shop.request("DELETE", "/cart/\(nobody)"), 404, "nothing to delete")
            }
            _ = try await shop.create("/carts", [put(tea, by: ada, 600)])
            try await shop.expectConflict("PUT", "\(lines)/\(cup.product)", ["pieces": 401]) { message in
                #expect(message.hasSuffix("cannot hold 1001 pieces: 1000 are the most of an order"))
            }
            #expect(try await shop.request("DELETE", "/cart/\(cart)").text == "true")
            #expect(try await shop.get("/customer/\(ada)/cart") == .null)
        }
    }

    @Test func `is told at the prices and the stock of this moment`() async throws {
        try await withShop { shop in
            let (ada, tea, cup) = try await shop.visitor()
            let cart = try await shop.create("/carts", [put(tea, by: ada, 2), put(cup, by: ada, 9)])[0]
            let quote = try await shop.get("/cart/\(cart)/quote")
            #expect(quote["total"] == .decimal("42.5") && quote["currency"] == "EUR")
            #expect(quote["can_be_ordered"] == false)
            let first = quote["lines"]?.array?.first
            #expect(first?["price"] == .decimal("7.75") && first?["available"] == 5 && first?["name"] == "Tea")
            _ = try await shop.request("PUT", "/cart/\(cart)/lines/\(cup.product)", ["pieces": 5]).taken()
            #expect(try await shop.get("/cart/\(cart)/quote")["can_be_ordered"] == true)
            _ = try await shop.request("DELETE", "/product/\(tea.product)").taken()
            let gone = try await shop.get("/cart/\(cart)/quote")
            #expect(gone["total"] == .null && gone["lines"]?.array?.first?["price"] == .null)
            #expect(try await shop.get("/cart/\(nobody)/quote") == .null)
        }
    }

    @Test func `becomes an order in one step, and is then closed`() async throws {
        try await withShop { shop in
            let (ada, tea, cup) = try await shop.visitor()
            let cart = try await shop.create("/carts", [put(tea, by: ada, 2), put(cup, by: ada)])[0]
            let order = try await shop.request("POST", "/cart/\(cart)/checkout").taken().string ?? ""
            #expect(try await shop.get("/order/\(order)")["product_ids"] == .list([tea, tea, cup].map(\.product)))
            #expect(try await shop.ledger(tea) == [3, 5, 2])
            let closed = try await shop.get("/cart/\(cart)")
            #expect(closed["status"] == "checked_out" && closed["order_id"]?.string == order)
            #expect(try await shop.get("/customer/\(ada)/cart") == .null)
            let path = "/cart/\(cart)/lines/\(tea.product)"
            for (method, path, body) in [
                ("POST", "/cart/\(cart)/checkout", nil), ("PUT", path, ["pieces": 1]), ("DELETE", path, nil),
            ] as [(String, String, JSONValue?)] {
                try await shop.expectConflict(method, path, body) { message in
                    #expect(message.hasPrefix("the cart \(cart) is checked out already, as the order \(order): "))
                }
            }
            #expect(try await shop.create("/carts", [put(tea, by: ada)]) != [cart])
        }
    }

    @Test func `stays as it is when it cannot be ordered`() async throws {
        try await withShop { shop in
            let (ada, tea, _) = try await shop.visitor()
            let cart = try await shop.create("/carts", [put(tea, by: ada, 6)])[0]
            try await shop.expectConflict("POST", "/cart/\(cart)/checkout", nil) { message in
                #expect(message == "out of stock: 6 of the product \(tea.product) wanted, 5 there")
            }
            _ = try await shop.request("PUT", "/cart/\(cart)/lines/\(tea.product)", ["pieces": 0]).taken()
            try await shop.expectConflict("POST", "/cart/\(cart)/checkout", nil) { message in
                #expect(message == "the cart \(cart) is empty: put something into it before it is checked out")
            }
            try await shop.expectNoChange {
                try expectProblem(await shop.request("POST", "/cart/\(nobody)/checkout"), 404, "no cart")
            }
            #expect(try await shop.get("/cart/\(cart)")["status"] == "open")
        }
    }

    @Test func `is one, however many ask for it at once at two daemons`() async throws {
        try await withTwoDaemons { shop, other in
            let (ada, tea, _) = try await shop.visitor()
            let carts = try await withThrowingTaskGroup(of: String.self) { group in
                for client in 0..<16 {
                    group.addTask { try await [shop, other][client % 2].create("/carts", put(tea, by: ada))[0] }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(carts.count == 1)
            #expect(try await shop.get("/customer/\(ada)/cart")["lines"] == [line(tea, 16)])
            #expect(try await shop.call("projection.verify")["differences"] == 0)
        }
    }

    @Test func `expires when nobody touches it`() async throws {
        try await withShop(.init().with("ORDERSHOP_CARTS_EXPIRE_AFTER", "3s")) { shop in
            let (ada, tea, cup) = try await shop.visitor()
            let bob = try await shop.createOne("/customers", customer("Bob"))
            let cart = try await shop.create("/carts", [put(tea, by: ada)])[0]
            let touched = try await shop.create("/carts", [put(tea, by: bob)])[0]
            try await eventually("the cart has expired") {
                let pieces = try await shop.get("/cart/\(touched)")["lines"]?.array?.first?["pieces"]
                let path = "/cart/\(touched)/lines/\(tea.product)"
                let next: JSONValue = pieces == 1 ? 2 : 1
                _ = try await shop.request("PUT", path, ["pieces": next]).taken()
                return try await shop.get("/cart/\(cart)")["status"] == "expired"
            }
            #expect(try await shop.get("/cart/\(touched)")["status"] == "open")
            #expect(try await shop.get("/customer/\(ada)/cart") == .null)
            #expect(try await shop.create("/carts", [put(cup, by: ada)]) != [cart])
        }
    }

    private func line(_ goods: Goods, _ pieces: Int64) -> JSONValue {
        ["product_id": .string(goods.product), "pieces": .number(JSONNumber(pieces))]
    }
}

private func put(_ goods: Goods, by customer: String, _ pieces: Int64 = 1) -> JSONValue {
    [
        "customer_id": .string(customer), "product_id": .string(goods.product),
        "pieces": .number(JSONNumber(pieces)),
    ]
}

extension Shop {
    /// A customer, five packets of tea for 7.75 and five cups for 3.
    fileprivate func visitor() async throws -> (customer: String, tea: Goods, cup: Goods) {
        let ada = try await createOne("/customers", customer("Ada"))
        return (ada, try await stock("Tea", 5, price: .decimal("7.75")), try await stock("Cup", 5))
    }
}
