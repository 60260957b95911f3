import JSON
import Redis
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `The event store of the original OrderShop` {
    private let ada = "9f8b6e0e-0d3c-4f0e-9d0b-7a3a6a3e0001"
    private let bob = "9f8b6e0e-0d3c-4f0e-9d0b-7a3a6a3e0002"
    private let eve = "9f8b6e0e-0d3c-4f0e-9d0b-7a3a6a3e0003"
    private let tea = "9f8b6e0e-0d3c-4f0e-9d0b-7a3a6a3e0004"
    private let stock = "9f8b6e0e-0d3c-4f0e-9d0b-7a3a6a3e0005"
    private let first = "9f8b6e0e-0d3c-4f0e-9d0b-7a3a6a3e0006"
    private let second = "9f8b6e0e-0d3c-4f0e-9d0b-7a3a6a3e0007"
    private let paid = "9f8b6e0e-0d3c-4f0e-9d0b-7a3a6a3e0008"

    /// As Python's json.dumps and time.time wrote it.
    private var entries: [(stream: String, id: String, entity: String)] {
        [
            (
                "customer_created", "1548699679-211658",
                #"{"id": "\#(ada)", "name": "Ada", "email": "ada@server.com"}"#
            ),
            (
                "customer_created", "1548699679-211659",
                #"{"id": "\#(bob)", "name": "Bob", "email": "bob@server.com"}"#
            ),
            ("product_created", "1548699679-300000", #"{"id": "\#(tea)", "name": "Tea", "price": 12}"#),
            ("inventory_created", "1548699680-5", #"{"id": "\#(stock)", "product_id": "\#(tea)", "amount": 40}"#),
            ("customer_created", "1548699681-7", #"{"id": "\#(eve)", "name": "Eve", "email": "eve@server.com"}"#),
            ("customer_updated", "1548699682-1", #"{"id": "\#(bob)", "name": "Rob", "email": "rob@server.com"}"#),
            ("inventory_updated", "1548699683-1", #"{"id": "\#(stock)", "product_id": "\#(tea)", "amount": 38}"#),
            (
                "order_created", "1548699683-2",
                #"{"id": "\#(first)", "product_ids": ["\#(tea)", "\#(tea)"], "customer_id": "\#(ada)"}"#
            ),
            (
                "customer_deleted", "1548699683-999999",
                #"{"id": "\#(eve)", "name": "Eve", "email": "eve@server.com"}"#
            ),
            ("inventory_updated", "1548699684-1", #"{"id": "\#(stock)", "product_id": "\#(tea)", "amount": 37}"#),
            (
                "order_created", "1548699684-2",
                #"{"id": "\#(second)", "product_ids": ["\#(tea)"], "customer_id": "\#(bob)"}"#
            ),
            (
                "billing_created", "1548699685-211658",
                #"{"id": "\#(paid)", "order_id": "\#(first)", "done": 1548699685.211}"#
            ),
        ]
    }

    /// Runs `body` with a shop whose Redis held the original's events before the daemon's first start.
    private func withOriginal(_ body: @escaping @Sendable (Shop) async throws -> Void) async throws {
        let entries = self.entries
        try await Slots.inTurn {
            let redis = try await RedisServer.start()
            defer { redis.kill() }
            for (number, entry) in entries.enumerated() {
                let parts = entry.stream.split(separator: "_")
                _ = try await RedisProbe(url: redis.url).run(
                    "XADD", "events:{\(parts[0])}_\(parts[1])", entry.id, "event_id",
                    "6fd5a8e2-27a6-4d4b-a1b7-0000000000\(10 + number)", "entity", entry.entity)
            }
            try await withShop(.init(redis: redis.url), inTurn: false, body)
        }
    }

    @Test func `its entities are there`() async throws {
        try await withOriginal { shop in
            let customers = try await shop.get("/customers").array
            #expect(customers?.map { $0["name"]?.string } == ["Ada", "Rob"])
            #expect(try await shop.get("/customer/\(bob)")["email"] == "rob@server.com")
            #expect(try await shop.get("/customer/\(eve)") == .null)
            #expect(try await shop.get("/inventory/\(stock)")["amount"] == 37)
            #expect(try await shop.get("/orders").array?.count == 2)
            #expect(try await shop.get("/orders/unbilled").array?.map { $0["id"]?.string } == [second])
            #expect(try await shop.get("/billing/\(paid)")["done"] == .decimal("1548699685.211"))
        }
    }

    @Test func `its entity cache is built`() async throws {
        try await withOriginal { shop in
            try await eventually("the cache is there") {
                let ids = try await shop.redis.strings("SMEMBERS", "customer_ids")
                let last = try await shop.redis.run("EXISTS", "billing_entity:\(paid)").int
                return Set(ids) == [ada, bob] && last == 1
            }
            let rob = ["id", bob, "name", "Rob", "email", "rob@server.com"]
            #expect(try await shop.redis.strings("HGETALL", "customer_entity:\(bob)") == rob)
            #expect(try await shop.redis.strings("LRANGE", "order_product_ids:\(first)", "0", "-1") == [tea, tea])
            #expect(try await shop.redis.run("EXISTS", "customer_entity:\(eve)").int == 0)
        }
    }

    @Test func `the shop goes on where it stood`() async throws {
        try await withOriginal { shop in
            #expect(try await shop.request("POST", "/inventory", inventory(tea, 3)).status == 409)
            #expect(try await shop.request("POST", "/billings", billing(first)).status == 409)
            _ = try await shop.createOne("/billings", billing(second))
            #expect(try await shop.get("/orders/unbilled") == [])
            #expect(try await shop.request("PUT", "/customer/\(ada)", customer("Ada")).text == "true")
            #expect(try await shop.request("DELETE", "/order/\(first)").text == "true")
            #expect(try await shop.get("/inventory/\(stock)")["amount"] == 39)
            _ = try await shop.createOne("/orders", order([tea], by: bob))
            let history = try await History(of: shop)
            let old = history.events.prefix(entries.count)
            #expect(old.map(\.id) == entries.map(\.id))
            #expect(history.events.dropFirst(entries.count).allSatisfy { $0.place.seconds > 1_600_000_000 })
        }
    }

    @Test func `its orders go through the rest of their life, at the last prices of their products`() async throws {
        try await withOriginal { shop in
            #expect(try await shop.balance(first) == ["24", "0", "24"])
            try await shop.expectConflict("PUT", "/order/\(first)", order([tea], by: ada)) { message in
                #expect(message == "the order \(first) is billed and cannot be changed: only a placed order can")
            }
            let parcel = try await shop.createOne("/shippings", ["order_id": .string(first)])
            _ = try await shop.request("POST", "/shipping/\(parcel)/ship").taken()
            _ = try await shop.request("POST", "/shipping/\(parcel)/deliver").taken()
            let delivered = try await shop.get("/order/\(first)")
            #expect(delivered["status"] == "delivered" && delivered["number"] == nil && delivered["total"] == nil)
            #expect(try await shop.get("/orders/delivered") == [delivered])
            let refund = try await shop.request("POST", "/billing/\(paid)/refund", ["amount": 4]).taken()
            #expect(refund["amount"] == 4 && refund["currency"] == "EUR")
            #expect(try await shop.balance(first) == ["24", "4", "20"])
            try await shop.expectConflict("POST", "/billings", ["order_id": .string(second), "amount": 13]) {
                message in
                #expect(message.hasPrefix("the order \(second) costs € 12.00, and € 13.00 was paid"))
            }
            _ = try await shop.createOne("/billings", billing(second))
            #expect(try await shop.request("POST", "/order/\(second)/cancel").text == "true")
            #expect(try await shop.balance(second) == ["12", "12", "0"])
            let next = try await shop.createOne("/orders", order([tea], by: bob))
            #expect(try await shop.get("/order/\(next)")["number"] == 1)
            let report = try await shop.call("projection.verify")
            #expect(report["differences"] == 0, "\(report.text)")
        }
    }
}
