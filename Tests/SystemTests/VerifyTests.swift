import JSON
import Redis
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `Verifying a shop` {
    @Test func `finds nothing wrong with a shop that has been at work`() async throws {
        try await withShop { shop in
            try await Self.work(in: shop)
            let report = try await shop.call("projection.verify", [:])
            #expect(report["differences"] == 0)
            #expect(report["examples"] == [])
            let compared = report["compared"]?.array ?? []
            #expect(
                compared.compactMap { $0["name"]?.string } == [
                    "customer", "product", "inventory", "stock_alert", "order", "cart", "billing", "refund",
                    "shipping",
                    "interaction", "mail", "webhook", "indexes",
                ])
            // Nobody has filled a cart, no stock went low, and nobody wants to be told.
            for topic in compared where !["cart", "stock_alert", "webhook"].contains(topic["name"]) {
                #expect((topic["checked"]?.number?.int64 ?? 0) > 0, "\(topic["name"]?.string ?? "")")
            }
            let result = try await shop.ctl("projection", "verify")
            #expect(result.exitCode == 0)
            #expect(result.output.hasPrefix("Everything is as the events say.\n"))
        }
    }

    @Test func `names what differs, and repairs it when it is told to`() async throws {
        try await withShop { shop in
            try await Self.work(in: shop)
            let before = try await CacheDump(of: shop)
            let id = try #require(try await shop.redis.strings("SMEMBERS", "customer_ids").first)
            _ = try await shop.redis.run("HSET", "customer_entity:\(id)", "name", "Mallory")
            _ = try await shop.redis.run("SADD", "customer_ids", nobody)
            _ = try await shop.redis.run("DEL", "ordershop:index:order.unbilled")
            let found = try await shop.ctl("projection", "verify")
            #expect(found.exitCode == 1)
            #expect(found.output.contains("differences were found."))
            for word in ["Mallory", nobody, "ordershop:index:order.unbilled", "customer_entity:\(id)"] {
                #expect(found.output.contains(word))
            }
            #expect(found.errors.contains("--repair"))
            #expect(try await shop.ctl("projection", "verify", "--topic", "stock_alert").exitCode == 0)
            let repaired = try await shop.ctl("projection", "verify", "--repair", "--json")
            #expect(repaired.exitCode == 0)
            let report = try JSONValue(parsing: repaired.output.utf8)
            #expect(report["differences"] == report["mended"])
            #expect(report["differences"]?.number?.int64 ?? 0 >= 3)
            #expect(try await shop.ctl("projection", "verify").exitCode == 0)
            #expect(before.difference(try await CacheDump(of: shop)) == [])
            #expect(try await shop.get("/orders/unbilled").array?.count == 1)
        }
    }

    @Test func `makes a topic anew when that is asked for`() async throws {
        try await withShop { shop in
            try await Self.work(in: shop)
            let before = try await CacheDump(of: shop)
            for key in try await shop.redis.keys("order_*") { _ = try await shop.redis.run("DEL", key) }
            let result = try await shop.ctl("projection", "rebuild", "order")
            #expect(result.exitCode == 0, "\(result.errors)")
            #expect(before.difference(try await CacheDump(of: shop)) == [])
            let refused = try await shop.ctl("projection", "rebuild", "ordre")
            #expect(refused.exitCode == 1)
            #expect(refused.errors.contains("must be one of customer, product"))
        }
    }

    @Test func `goes on while clients change everything, and disturbs nobody`() async throws {
        try await withShop { shop in
            let goods = [try await shop.stock("Tea", 1_000), try await shop.stock("Cup", 1_000)]
            let ledger = Ledger()
            try await underLoad(shop, goods, ledger) {
                for round in 0..<6 {
                    let report = try await shop.call("projection.verify", ["repair": .bool(round % 2 == 1)])
                    #expect(report["examples"] == [])
                }
            }
            try await shop.settle()
            #expect(try await shop.call("projection.verify", [:])["differences"] == 0)
        }
    }

    /// An order that is billed, one that is not, one that is gone; mails and all.
    private static func work(in shop: Shop) async throws {
        let tea = try await shop.stock("Tea", 9)
        let people = try await shop.create("/customers", [customer("Ada"), customer("Bob")])
        let pairs = people.map { order([tea.product, tea.product], by: $0) }
        let orders = try await shop.create("/orders", .array(pairs + [order([tea.product], by: people[0])]))
        let paid = try await shop.createOne("/billings", billing(orders[0]))
        _ = try await shop.request("POST", "/billing/\(paid)/refund", ["amount": 1]).taken()
        _ = try await shop.request("DELETE", "/order/\(orders[2])").taken()
        try await shop.settle()
    }
}
