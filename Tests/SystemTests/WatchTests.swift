import JSON
import JSONRPC
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `Who watches` {
    /// Calls a method that goes on behind its answer.
    private func watch<T: Sendable>(
        _ shop: Shop, _ method: String, _ params: JSONValue = [:],
        _ body: @escaping @Sendable (JSONValue, JSONRPCClient) async throws -> T
    ) async throws -> T {
        let client = try await JSONRPCClient.connect(path: shop.daemon.socketPath)
        let answer = try await client.call(method, params)
        let result = try await body(answer, client)
        await client.close()
        return result
    }

    private func take(_ count: Int, from client: JSONRPCClient) async -> [JSONValue] {
        var taken: [JSONValue] = []
        for await notification in client.notifications {
            taken.append(notification.params ?? .null)
            if taken.count == count { break }
        }
        return taken
    }

    private func create(_ count: Int, in shop: Shop) async throws {
        for number in 0..<count {
            _ = try await shop.call("customer.create", ["name": .string("\(number)"), "email": "a@example.org"])
        }
    }

    @Test func `events is told of each once, in order, while they happen`() async throws {
        try await withShop { shop in
            try await shop.setEnabled(false, "crm")
            try await create(3, in: shop)
            try await watch(shop, "event.watch", ["topic": "customer"]) { _, client in
                async let told = take(40, from: client)
                try await create(40, in: shop)
                let all = try await shop.call("event.list", ["topic": "customer"]).array ?? []
                #expect(await told == Array(all.dropFirst(3)))
            }
        }
    }

    @Test func `events and was cut off goes on behind the last one, without a gap`() async throws {
        try await withShop { shop in
            try await shop.setEnabled(false, "crm")
            try await create(5, in: shop)
            let first = try await watch(shop, "event.watch", ["topic": "customer", "after": "beginning"]) {
                await take(3, from: $1)
            }
            try await create(700, in: shop)
            let place = try #require(first.last?["id"])
            let rest = try await watch(shop, "event.watch", ["topic": "customer", "after": place]) {
                await take(702, from: $1)
            }
            let all = try await shop.call("event.list", ["topic": "customer", "limit": 1_000]).array ?? []
            #expect(first + rest == all)
        }
    }

    @Test func `modules is told of the one that is switched off`() async throws {
        try await withShop { shop in
            try await watch(shop, "module.watch") { before, client in
                #expect(before.array?.count == Shop.allModules.count)
                try await shop.setEnabled(false, "crm")
                let told = await take(1, from: client)
                #expect(told.first?["name"] == "crm" && told.first?["state"] == "disabled")
            }
        }
    }

    @Test func `a job is told when it is done`() async throws {
        try await withShop { shop in
            let job = try #require(await shop.call("projection.verify", ["job": true])["job"])
            try await watch(shop, "job.watch", ["job": job]) { now, client in
                // It may be told of on the way.
                var state = now["state"]
                while state == "running" { state = await take(1, from: client).first?["state"] }
                #expect(state == "done")
            }
        }
    }

    @Test func `the log sees what was logged and what is`() async throws {
        try await withShop { shop in
            // It is ready a moment before it says so.
            try await eventually("it was logged") { shop.daemon.log.contains("OrderShop is ready") }
            try await watch(shop, "log.watch", ["level": "notice"]) { before, client in
                #expect(before.array?.contains { $0["message"] == "OrderShop is ready" } == true)
                async let told = take(1, from: client)
                try await shop.setEnabled(false, "crm")
                let entry = await told.first
                #expect(entry?["level"] == "notice" && entry?["fields"]?["module"] == "crm")
            }
        }
    }

    @Test func `does not keep the daemon from ending`() async throws {
        try await withShop { shop in
            try await watch(shop, "event.watch") { _, client in
                try await watch(shop, "log.watch") { _, _ in
                    let start = ContinuousClock.now
                    await shop.daemon.stop()
                    #expect(ContinuousClock.now - start < .seconds(10))
                }
            }
        }
    }
}
