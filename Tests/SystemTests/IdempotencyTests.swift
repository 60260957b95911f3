import Foundation
import JSON
import Redis
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `A command with a name` {
    private func post(
        _ shop: Shop, _ path: String, _ body: JSONValue, key: String
    ) async throws -> HTTPResponse {
        try await shop.request("POST", path, headers: [("Idempotency-Key", key)], body: body.text)
    }

    private func events(_ shop: Shop, _ topic: String) async throws -> Int {
        try await shop.call("event.list", ["topic": .string(topic), "limit": 1_000]).array?.count ?? 0
    }

    @Test func `happens once, and a repeat gets the first answer and is told so`() async throws {
        try await withShop { shop in
            let first = try await post(shop, "/customers", customer("Ada"), key: "a-1")
            #expect(first.status == 200 && first.header("idempotency-replayed") == nil)
            let second = try await post(shop, "/customers", customer("Ada"), key: "a-1")
            #expect(second.status == 200 && second.header("idempotency-replayed") == "true")
            #expect(second.body == first.body)
            #expect(try await events(shop, "customer") == 1)
            // The order of members is nobody's business.
            let turned = try await post(
                shop, "/customers", ["email": customer("Ada")["email"] ?? "", "name": "Ada"], key: "a-1")
            #expect(turned.body == first.body)
        }
    }

    @Test func `is forgotten after the time that the settings say`() async throws {
        var options = DaemonProcess.Options()
        options.environment["ORDERSHOP_IDEMPOTENCY_KEEP"] = "2m"
        try await withShop(options) { shop in
            _ = try await post(shop, "/customers", customer("Ada"), key: "a-1")
            let rest = try await shop.redis.run("PTTL", "ordershop:answer:a-1").int ?? 0
            #expect((100_000...120_000).contains(rest))
        }
    }

    @Test func `is refused where the name stands for another command`() async throws {
        try await withShop { shop in
            let id = try await shop.createOne("/customers", customer("Ada"))
            _ = try await post(shop, "/customers", customer("Eve"), key: "k")
            try await shop.expectNoChange {
                try expectProblem(await post(shop, "/customers", customer("Bob"), key: "k"), 422, "body")
                try expectProblem(await post(shop, "/products", ["name": "T", "price": 1], key: "k"), 422, "path")
                let deletion = try await shop.request(
                    "DELETE", "/customer/\(id)", headers: [("Idempotency-Key", "k")])
                try expectProblem(deletion, 422, "method")
            }
        }
    }

    @Test func `that was refused is no command: it may be asked again`() async throws {
        try await withShop { shop in
            let goods = try await shop.stock("Tea", 0)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let body = order([goods.product], by: ada)
            try expectProblem(await post(shop, "/orders", body, key: "o"), 409, "out of stock")
            _ = try await shop.call("inventory.increment", ["id": .string(goods.inventory)])
            #expect(try await post(shop, "/orders", body, key: "o").status == 200)
            #expect(try await post(shop, "/orders", body, key: "o").header("idempotency-replayed") == "true")
        }
    }

    @Test func `happens once, however many ask for it at the same time`() async throws {
        try await withShop { shop in
            let goods = try await shop.stock("Tea", 50)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let body = order([goods.product], by: ada)
            let answers = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<40 {
                    group.addTask { try await post(shop, "/orders", body, key: "same").text }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(answers.count == 1)
            #expect(try await events(shop, "order") == 1)
            #expect(try await shop.get("/inventory/\(goods.inventory)")["amount"] == 49)
        }
    }

    @Test func `happens once for two daemons, and over the end of one`() async throws {
        let redis = try await RedisServer.start()
        defer { redis.kill() }
        try await withShop(.init(redis: redis.url)) { first in
            let answer = try await post(first, "/customers", customer("Ada"), key: "two")
            try await withShop(.init(redis: redis.url), inTurn: false) { second in
                let repeated = try await post(second, "/customers", customer("Ada"), key: "two")
                first.daemon.kill()
                let again = try await post(second, "/customers", customer("Ada"), key: "two")
                #expect(repeated.body == answer.body && again.body == answer.body)
                let count = try await events(second, "customer")
                #expect(count == 1)
            }
        }
    }

    @Test func `is known over the socket, too, and by both`() async throws {
        try await withShop { shop in
            let params = JSONObject((customer("Ada").object?.members ?? []).map { ($0.key, $0.value) })
            var named = params
            named["idempotency_key"] = "s-1"
            let first = try await shop.call("customer.create", .object(named))
            #expect(try await shop.call("customer.create", .object(named)) == first)
            named["name"] = "Eve"
            #expect(try await shop.reason("customer.create", .object(named)) == "idempotency-key-reused")
            #expect(try await events(shop, "customer") == 1)
        }
    }

    @Test func `keeps its answer for a day`() async throws {
        try await withShop { shop in
            _ = try await post(shop, "/customers", customer("Ada"), key: "day")
            let left = try await shop.redis.run("PTTL", "ordershop:answer:day").int ?? 0
            #expect((86_300_000...86_400_000).contains(left))
        }
    }

    @Test(arguments: ["", "a b", "ä", String(repeating: "x", count: 256)])
    func `must have a name that can be one`(key: String) async throws {
        try await withShop { shop in
            try await shop.expectNoChange {
                let status = try await post(shop, "/customers", customer("Ada"), key: key).status
                #expect(status == 400)
            }
        }
    }
}
