import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `A refusal says what was wrong and changes nothing` {
    @Test func `what is not JSON is a 400`() async throws {
        try await withShop { shop in
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let deep = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
            let bodies = [
                "", " ", "{", "{\"name\":\"A\",}", "[1,]", "nul", "{'name':'A'}", "{\"name\":\"A\"} x",
                "\u{FEFF}{}",
                #"{"name":"A","name":"B","email":"a@example.org"}"#, #"{"name":"\ud800"}"#, "01", deep,
                "{\"name\":\"A\nB\",\"email\":\"a@example.org\"}",
            ]
            try await shop.expectNoChange {
                for body in bodies {
                    try expectProblem(await shop.request("POST", "/customers", body: body), 400, "POST \(body)")
                    let put = try await shop.request("PUT", "/customer/\(ada)", body: body)
                    try expectProblem(put, 400, "PUT \(body)")
                }
            }
        }
    }

    @Test func `an unknown entity to change is a 404`() async throws {
        try await withShop { shop in
            let tea = try await shop.stock("Tea", 9)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let paid = try await shop.createOne("/orders", order([tea.product], by: ada))
            let gone = try await shop.createOne("/customers", customer("Gone"))
            _ = try await shop.request("DELETE", "/customer/\(gone)")
            let bodies: KeyValuePairs<String, JSONValue> = [
                "customer": customer("Eve"), "product": product("Cup"), "inventory": inventory(tea.product, 1),
                "order": order([tea.product], by: ada), "billing": billing(paid),
            ]
            try await shop.expectNoChange {
                for (kind, body) in bodies {
                    for id in [nobody, "no-uuid"] {
                        let path = "/\(kind)/\(id)"
                        try expectProblem(await shop.request("PUT", path, body), 404, "PUT \(path)")
                        try expectProblem(await shop.request("DELETE", path), 404, "DELETE \(path)")
                    }
                }
                try expectProblem(await shop.request("PUT", "/customer/\(gone)", customer("Eve")), 404, "gone")
                try expectProblem(await shop.request("DELETE", "/customer/\(gone)"), 404, "gone")
            }
        }
    }

    @Test func `what the state of the shop is against is a 409`() async throws {
        try await withShop { shop in
            let (tea, cup) = (try await shop.stock("Tea", 3), try await shop.stock("Cup", 0))
            let bare = try await shop.createOne("/products", product("Bare"))
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let orders = try await shop.create(
                "/orders", [order([tea.product], by: ada), order([tea.product], by: ada)])
            _ = try await shop.createOne("/billings", billing(orders[0]))
            let other = try await shop.createOne("/billings", billing(orders[1]))
            try await shop.expectNoChange {
                func conflict(_ method: String, _ path: String, _ body: JSONValue, _ what: String) async throws {
                    try expectProblem(await shop.request(method, path, body), 409, what)
                }
                try await conflict("POST", "/orders", order([tea.product, tea.product], by: ada), "two of one")
                try await conflict("POST", "/orders", order([tea.product, cup.product], by: ada), "one of none")
                try await conflict("POST", "/orders", order([bare], by: ada), "no inventory")
                try await conflict(
                    "PUT", "/order/\(orders[0])", order([tea.product, tea.product, tea.product], by: ada), "more")
                try await conflict("PUT", "/order/\(orders[0])", order([cup.product], by: ada), "other")
                try await conflict("POST", "/billings", billing(orders[0]), "billed")
                try await conflict("PUT", "/billing/\(other)", billing(orders[0]), "billed by another")
                try await conflict("POST", "/inventory", inventory(tea.product, 5), "second inventory")
                try await conflict("PUT", "/inventory/\(cup.inventory)", inventory(tea.product, 5), "moved onto")
            }
        }
    }

    @Test func `a batch is done whole or not at all`() async throws {
        try await withShop { shop in
            let (tea, cup) = (try await shop.stock("Tea", 3), try await shop.stock("Cup", 9))
            let bare = try await shop.createOne("/products", product("Bare"))
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let open = try await shop.createOne("/orders", order([cup.product], by: ada))
            let (good, two) = (order([cup.product], by: ada), order([tea.product, tea.product], by: ada))
            try await shop.expectNoChange {
                func refuse(_ path: String, _ body: JSONValue, _ status: Int, _ pointers: [String]? = nil)
                    async throws
                {
                    try expectProblem(await shop.request("POST", path, body), status, pointers: pointers, path)
                }
                try await refuse("/orders", [good, two, two], 409)
                try await refuse("/orders", [good, order([bare], by: ada)], 409)
                try await refuse("/orders", [good, order([nobody], by: ada)], 422, nil)
                try await refuse("/billings", [billing(open), billing(open)], 409)
                try await refuse("/inventory", [inventory(bare, 1), inventory(bare, 2)], 409)
                try await refuse("/customers", [customer("Bob"), ["name": "Eve"]], 422, ["/1/email"])
                try await refuse("/customers", [customer("Bob"), 3, [], nil], 422, ["/1", "/2", "/3"])
                let bad: JSONValue = ["name": "", "price": -1]
                try await refuse("/products", [product("Pot"), bad], 422, ["/1/name", "/1/price"])
            }
        }
    }

    @Test func `a disabled module answers 503 and says when to come back`() async throws {
        try await withShop { shop in
            let tea = try await shop.stock("Tea", 9)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let id = try await shop.createOne("/orders", order([tea.product], by: ada))
            let requests: KeyValuePairs<String, [(String, String, JSONValue)]> = [
                "customer": [
                    ("POST", "/customers", customer("Eve")), ("PUT", "/customer/\(ada)", customer("Eve")),
                ],
                "product": [("POST", "/product", product("Cup"))],
                "inventory": [
                    ("POST", "/inventory", inventory(tea.product, 1)),
                    ("PUT", "/inventory/\(tea.inventory)", inventory(tea.product, 1)),
                    // An order takes its pieces by a command of the inventory.
                    ("POST", "/orders", order([tea.product], by: ada)),
                    ("PUT", "/order/\(id)", order([tea.product, tea.product], by: ada)),
                ],
                "order": [("POST", "/orders", order([tea.product], by: ada))],
                "billing": [("POST", "/billings", billing(id))],
            ]
            try await shop.expectNoChange {
                for (module, requests) in requests {
                    try await shop.setEnabled(false, module)
                    for (method, path, body) in requests {
                        let what = "\(method) \(path) without \(module)"
                        try expectProblem(await shop.request(method, path, body), 503, what)
                    }
                    try await shop.setEnabled(true, module)
                }
            }
            try await shop.setEnabled(false, "gateway")
            for path in ["/customers", "/report", "/nothing"] {
                try expectProblem(await shop.request("GET", path), 503, path)
            }
            try await shop.setEnabled(true, "gateway")
            #expect(try await shop.get("/customers").array?.count == 1)
        }
    }

    @Test func `the other modules go on while one is disabled`() async throws {
        try await withShop { shop in
            try await shop.setEnabled(false, "billing")
            let tea = try await shop.stock("Tea", 9)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            #expect(try await shop.create("/orders", order([tea.product], by: ada)).count == 1)
            #expect(try await shop.get("/orders").array?.count == 1)
        }
    }

    @Test func `what was written before its module was switched off is read from the events, as the answer says`()
        async throws
    {
        try await withShop { shop in
            let ada = try await shop.createOne("/customers", customer("Ada"))
            try await shop.setEnabled(false, "customer")
            let response = try await shop.request("GET", "/customer/\(ada)")
            #expect(response.status == 200)
            #expect(response.header("ordershop-source") == "events")
            #expect(try await shop.get("/report")["customers"]?.array?.count == 1)
        }
    }
}
