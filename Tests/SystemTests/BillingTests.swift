import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `The money of a shop` {
    @Test func `a billing is of the order's total, and moves the order`() async throws {
        try await withShop { shop in
            let (order, _) = try await shop.ordered()
            for wrong in ["7.8", "15.81", "0"] {
                try await shop.expectConflict(
                    "POST", "/billings", ["order_id": .string(order), "amount": .decimal(wrong)]
                ) { message in
                    #expect(message.hasPrefix("the order 1 costs € 15.80, and €"))
                }
            }
            try await shop.expectNoChange {
                let body: JSONValue = ["order_id": .string(order), "amount": .decimal("15.801")]
                try expectProblem(await shop.request("POST", "/billings", body), 422, pointers: ["/amount"])
            }
            let id = try await shop.createOne(
                "/billings", ["order_id": .string(order), "amount": .decimal("15.80")])
            let billing = try await shop.get("/billing/\(id)")
            #expect(billing["amount"] == .decimal("15.8") && billing["currency"] == "EUR")
            #expect(billing["refunded"] == 0)
            let billed = try await shop.get("/order/\(order)")
            #expect(billed["status"] == "billed" && billed["billed_at"]?.number != nil)
            #expect(try await shop.get("/orders/unshipped") == [billed])
            #expect(try await shop.get("/orders/unbilled") == [])
            let events = try await History(of: shop)
            #expect(events["order_billed"].map(\.entity) == [billed])
            #expect(events["billing_created"].map(\.entity) == [billing])
            try await shop.expectConflict("POST", "/billings", ["order_id": .string(order)]) { message in
                #expect(message == "the order \(order) is billed already, by \(id)")
            }
        }
    }

    @Test func `a billing that is deleted puts its order back, as long as that is in the house`() async throws {
        try await withShop { shop in
            let (order, tea) = try await shop.ordered()
            let id = try await shop.createOne("/billings", billing(order))
            #expect(try await shop.request("DELETE", "/billing/\(id)").text == "true")
            let placed = try await shop.get("/order/\(order)")
            #expect(placed["status"] == "placed" && placed["billed_at"] == nil)
            #expect(try await shop.get("/orders/unbilled") == [placed])
            #expect(try await shop.get("/orders/unshipped") == [])
            #expect(try await shop.amount(tea) == 7)
            _ = try await shop.createOne("/billings", billing(order))
        }
    }

    @Test func `a billing can go to another order of its worth, and tells of the same money`() async throws {
        try await withShop { shop in
            let (first, tea) = try await shop.ordered()
            let ada = try #require(try await shop.get("/order/\(first)")["customer_id"]?.string)
            let second = try await shop.createOne("/orders", order([tea.product], by: ada))
            let id = try await shop.createOne("/billings", billing(first))
            var whole = try #require(try await shop.get("/billing/\(id)").object)
            whole["done"] = .decimal("5.5")
            #expect(try await shop.request("PUT", "/billing/\(id)", .object(whole)).text == "true")
            #expect(try await shop.get("/billing/\(id)") == .object(whole))
            try await shop.expectConflict(
                "PUT", "/billing/\(id)", ["order_id": .string(first), "amount": .decimal("7.9")]
            ) { message in
                #expect(message.contains("is of € 15.80 and cannot become one of € 7.90"))
            }
            try await shop.expectConflict(
                "PUT", "/billing/\(id)", ["order_id": .string(second), "amount": .decimal("15.8")]
            ) { message in
                #expect(message.hasPrefix("the order 2 costs € 7.90, and € 15.80 was paid"))
            }
            #expect(try await shop.request("PUT", "/billing/\(id)", billing(second)).text == "true")
            #expect(try await shop.get("/billing/\(id)")["amount"] == .decimal("7.9"))
            #expect(try await shop.get("/order/\(first)")["status"] == "placed")
            #expect(try await shop.get("/order/\(second)")["status"] == "billed")
        }
    }

    @Test func `money goes back in parts and never more than was paid`() async throws {
        try await withShop { shop in
            let (order, _) = try await shop.ordered()
            #expect(try await shop.balance(order) == ["0", "0", "0"])
            let id = try await shop.createOne("/billings", billing(order))
            #expect(try await shop.balance(order) == ["15.8", "0", "15.8"])
            let path = "/billing/\(id)/refund"
            let part = try await shop.request(
                "POST", path, ["amount": .decimal("5.5"), "reason": "a cup was broken"]
            ).taken()
            #expect(part["amount"] == .decimal("5.5") && part["currency"] == "EUR")
            #expect(part["order_id"] == .string(order) && part["billing_id"] == .string(id))
            #expect(part["reason"] == "a cup was broken" && part["at"]?.number != nil)
            #expect(try await shop.balance(order) == ["15.8", "5.5", "10.3"])
            try await shop.expectConflict("POST", path, ["amount": .decimal("10.31")]) { message in
                #expect(
                    message == "€ 10.31 cannot be refunded: of € 15.80 that were paid, € 10.30 are left")
            }
            try await shop.expectNoChange {
                for amount in ["0", "-1", "0.001", "1e30"] {
                    let body: JSONValue = ["amount": .decimal(amount)]
                    try expectProblem(await shop.request("POST", path, body), 422, pointers: ["/amount"], amount)
                }
                try expectProblem(await shop.request("POST", "/billing/\(nobody)/refund"), 404, "nobody")
                try expectProblem(await shop.request("POST", path, body: "{"), 400, "no JSON")
            }
            try await shop.expectConflict("DELETE", "/billing/\(id)", nil) { message in
                #expect(
                    message == "€ 5.50 of the billing \(id) were refunded: it cannot be taken back from its order")
            }
            let rest = try await shop.request("POST", path).taken()
            #expect(rest["amount"] == .decimal("10.3"))
            #expect(try await shop.balance(order) == ["15.8", "15.8", "0"])
            try await shop.expectConflict("POST", path, nil) { message in
                #expect(message == "nothing is left to be refunded: € 15.80 of € 15.80 were given back")
            }
            #expect(try await shop.get("/billing/\(id)/refunds") == [part, rest])
            #expect(try await shop.get("/billing/\(id)")["refunded"] == .decimal("15.8"))
            #expect(try await shop.get("/order/\(nobody)/balance") == .null)
            let refused = try await shop.reason("billing.refund_rest", ["order_id": .string(order), "reason": "x"])
            #expect(refused == "unknown-method")
            let report = try await shop.call("projection.verify")
            #expect(report["differences"] == 0)
        }
    }

    @Test func `however many refund at once, no more goes back than was paid`() async throws {
        try await withTwoDaemons { shop, other in
            let (order, _) = try await shop.ordered()
            let id = try await shop.createOne("/billings", billing(order))
            let shops = [shop, other]
            let done = try await withThrowingTaskGroup(of: Int.self) { group in
                for client in 0..<10 {
                    group.addTask {
                        let body: JSONValue = ["amount": .decimal("2.5")]
                        return try await shops[client % 2].request("POST", "/billing/\(id)/refund", body).status
                    }
                }
                return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(done == [200: 6, 409: 4])
            #expect(try await shop.balance(order) == ["15.8", "15", "0.8"])
        }
    }

    @Test func `a cancelled order gets back what is left of its money, in the same step`() async throws {
        try await withShop { shop in
            let (order, tea) = try await shop.ordered()
            let id = try await shop.createOne("/billings", billing(order))
            _ = try await shop.request("POST", "/billing/\(id)/refund", ["amount": .decimal("0.8")]).taken()
            try await shop.setEnabled(false, "billing")
            try await shop.expectNoChange {
                try expectProblem(await shop.request("POST", "/order/\(order)/cancel"), 503, "no billing")
            }
            try await shop.setEnabled(true, "billing")
            #expect(try await shop.request("POST", "/order/\(order)/cancel").text == "true")
            #expect(try await shop.balance(order) == ["15.8", "15.8", "0"])
            #expect(try await shop.amount(tea) == 9)
            let refunds = try await shop.get("/billing/\(id)/refunds").array ?? []
            #expect(refunds.map { $0["amount"]?.text } == ["0.8", "15"])
            #expect(refunds.last?["reason"] == "the order is cancelled")
            #expect(try await shop.get("/orders/unbilled") == [])
            #expect(try await shop.get("/orders/unshipped") == [])
            try await shop.expectConflict("POST", "/billings", billing(order)) { _ in }
            let (second, _) = try await shop.ordered()
            #expect(try await shop.request("POST", "/order/\(second)/cancel").text == "true")
            try await shop.expectConflict("POST", "/billings", billing(second)) { message in
                #expect(message == "the order 2 is cancelled and cannot become billed: only a placed order can")
            }
        }
    }
}

extension Shop {
    /// An order of two teas for 7.90 each.
    func ordered() async throws -> (order: String, tea: Goods) {
        let tea = try await stock("Tea", 9, price: .decimal("7.90"))
        let ada = try await createOne("/customers", customer("Ada"))
        return (try await createOne("/orders", order([tea.product, tea.product], by: ada)), tea)
    }

    /// Paid, refunded and what that leaves.
    func balance(_ order: String) async throws -> [String?] {
        let balance = try await get("/order/\(order)/balance")
        return ["paid", "refunded", "balance"].map { balance[$0]?.text }
    }
}
