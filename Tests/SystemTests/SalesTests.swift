import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `Sales over time` {
    private func sum(_ member: String, _ sales: JSONValue) -> Double {
        (sales["points"]?.array ?? []).compactMap { $0[member]?.number?.double }.reduce(0, +)
    }

    @Test func `count every order, payment and refund in the step in which it happened`() async throws {
        try await withShop { shop in
            // Long ago, as another program wrote it.
            let old: JSONValue = ["id": .string(nobody), "customer_id": "x", "total": 7, "currency": "EUR"]
            _ = try await shop.redis.run(
                "XADD", "events:{order}_created", "1548699679-1", "event_id", "old", "entity", old.text)
            let tea = try await shop.stock("Tea", 9)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let orders = try await shop.create(
                "/orders", [order([tea.product], by: ada), order([tea.product, tea.product], by: ada)])
            let paid = try await shop.createOne("/billings", billing(orders[0]))
            _ = try await shop.request("POST", "/billing/\(paid)/refund", ["amount": 1]).taken()
            var totals: [Double] = []
            for id in orders { totals.append(try await shop.get("/order/\(id)")["total"]?.number?.double ?? 0) }

            try await shop.settle()
            let today = try await shop.get("/report/sales?step=600")
            #expect(sum("orders", today) == 2 && sum("ordered", today) == totals[0] + totals[1])
            #expect(sum("billed", today) == totals[0] && sum("refunded", today) == 1)
            #expect(today["currency"] == "EUR" && today["counted_since"] == nil)
            for list in ["unbilled", "unshipped"] {
                let waiting = try await shop.get("/orders/\(list)").array ?? []
                #expect(!waiting.isEmpty && today[list]?.number?.double == Double(waiting.count))
            }

            let then = try await shop.get("/report/sales?since=1548699660&until=1548699779&step=20")
            #expect(then["since"] == "2019-01-28T18:21:00Z")
            #expect(then["points"]?.array?.map { $0["orders"] ?? .null } == [1, 0, 0, 0, 0, 0])
            #expect(sum("ordered", then) == 7 && sum("billed", then) == 0)
        }
    }

    @Test func `are refused for more steps than a chart has, and for times that run backwards`() async throws {
        try await withShop { shop in
            for (query, pointer) in [("since=0&step=1", "/step"), ("since=2000&until=1000", "/since")] {
                let refused = try await shop.request("GET", "/report/sales?\(query)")
                #expect(refused.status == 422)
                let problem = try JSONValue(parsing: refused.body)
                #expect(problem["errors"]?.array?.first?["pointer"]?.string == pointer)
            }
        }
    }
}
