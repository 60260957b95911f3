import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `The life of an order` {
    @Test func `begins with its lines, total, number and time, as they were when it was placed`() async throws {
        try await withShop { shop in
            let tea = try await shop.stock("Tea", 9, price: .decimal("7.90"))
            let cup = try await shop.stock("Cup", 9, price: 6)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let id = try await shop.createOne(
                "/orders", order([tea.product, cup.product, tea.product], by: ada))
            _ = try await shop.request("PUT", "/product/\(tea.product)", product("Chai", price: 9)).taken()
            let placed = try await shop.get("/order/\(id)")
            #expect(placed["number"] == 1 && placed["status"] == "placed")
            #expect(
                placed["lines"] == [
                    [
                        "product_id": .string(tea.product), "name": "Tea", "price": .decimal("7.9"), "pieces": 2,
                        "total": .decimal("15.8"),
                    ],
                    ["product_id": .string(cup.product), "name": "Cup", "price": 6, "pieces": 1, "total": 6],
                ])
            #expect(placed["total"] == .decimal("21.8") && placed["currency"] == "EUR")
            #expect(placed["placed_at"]?.number?.scaled(toFractionDigits: 6) != nil)
            #expect(try await shop.call("order.by_number", ["number": 1]) == placed)
            #expect(try await shop.call("order.by_number", ["number": 2]) == .null)
        }
    }

    @Test func `is changed while it is placed, at the prices of then`() async throws {
        try await withShop { shop in
            let (id, tea, ada) = try await shop.placed()
            var whole = try #require(try await shop.get("/order/\(id)").object)
            // What was read may be sent back as it was.
            whole["product_ids"] = .list([tea.product, tea.product])
            #expect(try await shop.request("PUT", "/order/\(id)", .object(whole)).text == "true")
            let changed = try await shop.get("/order/\(id)")
            #expect(changed["total"] == 6 && changed["number"] == 1 && changed["lines"]?.array?.count == 1)
            #expect(changed["placed_at"] == whole["placed_at"])
            whole = try #require(changed.object)
            whole["status"] = "delivered"
            try await shop.expectNoChange {
                let refusal = try await shop.request("PUT", "/order/\(id)", .object(whole))
                try expectProblem(refusal, 422, "own status")
                #expect(try refusal.json()["errors"]?.array?.map { $0["pointer"] } == ["/status"])
                let create = try await shop.request("POST", "/orders", .object(whole))
                try expectProblem(create, 422, "create with more")
            }
            #expect(try await shop.request("POST", "/order/\(id)/cancel").text == "true")
            try await shop.expectConflict("PUT", "/order/\(id)", order([tea.product], by: ada)) { message in
                #expect(
                    message == "the order 1 is cancelled and cannot be changed: only a placed order can")
            }
        }
    }

    @Test func `ends when it is cancelled: its pieces go back, once`() async throws {
        try await withShop { shop in
            let (id, tea, ada) = try await shop.placed()
            #expect(try await shop.amount(tea) == 8)
            #expect(try await shop.request("POST", "/order/\(id)/cancel").text == "true")
            let cancelled = try await shop.get("/order/\(id)")
            #expect(cancelled["status"] == "cancelled" && cancelled["cancelled_at"]?.number != nil)
            #expect(try await shop.amount(tea) == 9)
            #expect(try await shop.get("/orders/unbilled") == [])
            try await shop.expectConflict("POST", "/order/\(id)/cancel", nil) { message in
                #expect(
                    message
                        == "the order 1 is cancelled and cannot become cancelled: only a placed or billed order can"
                )
            }
            #expect(try await shop.request("DELETE", "/order/\(id)").text == "true")
            #expect(try await shop.amount(tea) == 9)
            // Numbers of deleted orders stay used.
            let next = try await shop.createOne("/orders", order([tea.product], by: ada))
            #expect(try await shop.get("/order/\(next)")["number"] == 2)
            try await shop.expectNoChange {
                try expectProblem(await shop.request("POST", "/order/\(nobody)/cancel"), 404, "nobody")
            }
        }
    }

    @Test func `cannot be entered in its middle from outside`() async throws {
        try await withShop { shop in
            let (id, _, _) = try await shop.placed()
            try await shop.expectNoChange {
                for step in ["bill", "unbill", "ship", "deliver"] {
                    let reason = try await shop.reason("order.\(step)", ["id": .string(id)])
                    #expect(reason == "unknown-method")
                }
            }
        }
    }

    @Test func `has numbers without a gap, though two daemons place orders and refuse some at the same time`()
        async throws
    {
        try await withTwoDaemons { shop, other in
            let tea = try await shop.stock("Tea", 60)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let shops = [shop, other]
            let placed = try await withThrowingTaskGroup(of: Int.self) { group in
                for client in 0..<12 {
                    group.addTask {
                        var placed = 0
                        for _ in 0..<10 {
                            let response = try await shops[client % 2].request(
                                "POST", "/orders", order([tea.product], by: ada))
                            if response.status == 200 { placed += 1 }
                        }
                        return placed
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(placed == 60)
            let batch = JSONValue.array([order([tea.product], by: ada), order([tea.product], by: ada)])
            try expectProblem(await shop.request("POST", "/orders", batch), 409, "out of stock")
            let numbers = try await shop.get("/orders").array?.compactMap { $0["number"]?.number?.int64 } ?? []
            #expect(numbers == Array(1...60))
            let report = try await shop.call("projection.verify")
            #expect(report["differences"] == 0, "\(report.text)")
        }
    }
}

extension Shop {
    /// An order of a cup of tea for 3.
    fileprivate func placed() async throws -> (id: String, tea: Goods, customer: String) {
        let tea = try await stock("Tea", 9)
        let ada = try await createOne("/customers", customer("Ada"))
        return (try await createOne("/orders", order([tea.product], by: ada)), tea, ada)
    }

    /// The request is refused for the state of the shop, changes nothing, and says why.
    func expectConflict(
        _ method: String, _ path: String, _ body: JSONValue?, _ why: (String) -> Void
    ) async throws {
        try await expectNoChange {
            let response =
                if let body { try await request(method, path, body) } else { try await request(method, path) }
            try expectProblem(response, 409, "\(method) \(path)")
            #expect(try response.json()["type"] == "urn:ordershop:problem:conflict")
            why(try response.json()["detail"]?.string ?? "")
        }
    }
}
