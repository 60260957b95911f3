import JSON
import Redis
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `The events in Redis` {
    /// Every kind of change, one after the other, each answered before the next. Returns the streams' names.
    private func story(_ shop: Shop) async throws -> [String] {
        let ada = try await shop.createOne("/customers", customer("Ada"))
        let tea = try await shop.createOne("/products", product("Tea", price: .decimal("12.5")))
        let stock = try await shop.createOne("/inventory", inventory(tea, 5))
        let first = try await shop.createOne("/orders", order([tea, tea], by: ada))
        // What is paid is not changed any more.
        _ = try await shop.request("PUT", "/order/\(first)", order([tea], by: ada)).taken()
        let paid = try await shop.createOne("/billings", billing(first))
        let changes: [(String, JSONValue)] = [
            ("/customer/\(ada)", customer("Eve")), ("/product/\(tea)", product("Green tea", price: 4)),
            ("/inventory/\(stock)", inventory(tea, 7)),
            ("/billing/\(paid)", ["order_id": .string(first), "done": 1_548_699_679]),
        ]
        for (path, body) in changes { _ = try await shop.request("PUT", path, body).taken() }
        for path in [
            "/billing/\(paid)", "/order/\(first)", "/inventory/\(stock)", "/product/\(tea)", "/customer/\(ada)",
        ] { _ = try await shop.request("DELETE", path).taken() }
        return ["customer", "product", "inventory", "order", "billing"]
            .flatMap { topic in ["created", "updated", "deleted"].map { "events:{\(topic)}_\($0)" } }
    }

    @Test func `there is one stream per topic and action`() async throws {
        try await withShop { shop in
            let streams = try await story(shop)
            try await shop.settle()
            #expect(try await Set(shop.redis.keys("events:*")).isSuperset(of: streams))
            for stream in streams { #expect(try await shop.redis.run("TYPE", stream).string == "stream") }
            let others = try await shop.redis.keys("events:*").filter { !streams.contains($0) }
            #expect(
                Set(others) == [
                    "events:{interaction}_created", "events:{mail}_requested", "events:{mail}_sent",
                    "events:{order}_billed", "events:{shipping}_created", "events:{shipping}_deleted",
                ])
        }
    }

    @Test func `ids are seconds and microseconds, unique and increasing over all streams`() async throws {
        try await withShop { shop in
            _ = try await story(shop)
            // Many in one step and many at once, to crowd the clock.
            _ = try await shop.create("/customers", .array((0..<300).map { customer("c\($0)") }))
            try await withThrowingTaskGroup { group in
                for number in 0..<8 {
                    group.addTask {
                        for round in 0..<10 {
                            _ = try await shop.create("/products", product("p\(number)-\(round)"))
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await shop.settle()
            let history = try await History(of: shop)
            #expect(history.events.count > 700)
            #expect(Set(history.events.map(\.id)).count == history.events.count)
            for event in history.events {
                #expect(event.id == "\(event.place.seconds)-\(event.place.microseconds)")
                #expect((0...999_999).contains(event.place.microseconds))
                #expect(abs(Double(event.place.seconds) - History.now) < 300)
            }
        }
    }

    @Test func `sorting by id gives the order in which things were answered`() async throws {
        try await withShop { shop in
            _ = try await story(shop)
            let kinds = try await History(of: shop).events.map(\.stream).filter {
                kind in !["mail", "interaction", "shipping"].contains { kind.hasPrefix("events:{\($0)}") }
            }
            #expect(
                kinds == [
                    "events:{customer}_created", "events:{product}_created", "events:{inventory}_created",
                    "events:{inventory}_updated", "events:{order}_created", "events:{inventory}_updated",
                    "events:{order}_updated", "events:{order}_billed", "events:{billing}_created",
                    "events:{customer}_updated", "events:{product}_updated", "events:{inventory}_updated",
                    "events:{billing}_updated", "events:{order}_updated", "events:{billing}_deleted",
                    "events:{inventory}_updated", "events:{order}_deleted",
                    "events:{inventory}_deleted", "events:{product}_deleted", "events:{customer}_deleted",
                ])
        }
    }

    @Test func `an entry is event_id and entity, then metadata`() async throws {
        try await withShop { shop in
            _ = try await story(shop)
            try await shop.settle()
            let history = try await History(of: shop)
            let keys = [
                "customer": ["id", "name", "email"], "product": ["id", "name", "price"],
                "inventory": ["id", "product_id", "amount"], "order": ["id", "product_ids", "customer_id"],
                "billing": ["id", "order_id", "done"],
            ]
            for event in history.events {
                #expect(event.fields.prefix(2).map(\.name) == ["event_id", "entity"])
                #expect(event.eventID.wholeMatch(of: UUIDs.pattern) != nil)
                #expect(event.entityID.wholeMatch(of: UUIDs.pattern) != nil)
                // A deleted one too holds the whole entity.
                guard let expected = keys.first(where: { event.stream.contains("{\($0.key)}") }) else { continue }
                // What the contract names stands first.
                #expect(event.entity.object?.members.map(\.key).starts(with: expected.value) == true)
            }
            #expect(Set(history.events.map(\.eventID)).count == history.events.count)
            #expect(history["product_created"].first?.entity["price"] == .decimal("12.5"))
        }
    }

    @Test func `a replay gives what the lists show`() async throws {
        try await withShop { shop in
            _ = try await story(shop)
            let (tea, cup) = (try await shop.stock("Tea", 5), try await shop.stock("Cup", 5))
            let people = try await shop.create("/customers", [customer("Ada"), customer("Bob")])
            let orders = try await shop.create(
                "/orders", [order([tea.product], by: people[0]), order([tea.product, cup.product], by: people[1])])
            _ = try await shop.create("/billings", billing(orders[1]))
            _ = try await shop.request("DELETE", "/order/\(orders[0])").taken()
            let history = try await History(of: shop)
            for (topic, path) in ["customer": "customers", "product": "products", "inventory": "inventory"]
                .merging(["order": "orders", "billing": "billings"], uniquingKeysWith: { old, _ in old })
            {
                let list = try await shop.get("/\(path)").array ?? []
                let listed = Dictionary(uniqueKeysWithValues: list.map { ($0["id"]?.string ?? "", $0) })
                #expect(history.entities(topic) == listed)
            }
        }
    }

    @Test func `a module's checkpoint holds the last event that it has handled of each stream`() async throws {
        let handled = [
            "crm": [
                "customer_created", "customer_deleted", "order_created", "order_deleted", "inventory_created",
                "inventory_deleted",
            ],
            "billing": ["order_created", "billing_created"], "mail": ["mail_requested"],
        ]
        try await withShop { shop in
            _ = try await story(shop)
            try await shop.settle()
            let history = try await History(of: shop)
            for (module, streams) in handled {
                let fields = try await shop.redis.strings("HGETALL", "checkpoint:\(module)")
                let positions = Dictionary(
                    uniqueKeysWithValues: stride(from: 0, to: fields.count, by: 2).map {
                        (fields[$0], fields[$0 + 1])
                    })
                for stream in streams {
                    let last = try #require(history[stream].last)
                    #expect(positions[last.stream] == last.id, "\(module) \(stream)")
                }
            }
            for key in try await shop.redis.keys("checkpoint:*") {
                #expect(try await shop.redis.run("TYPE", key).string == "hash")
                for stream in try await shop.redis.strings("HKEYS", key) { #expect(stream.hasPrefix("events:{")) }
            }
        }
    }

    @Test func `what came of an event says of which one`() async throws {
        try await withShop { shop in
            _ = try await shop.createOne("/customers", customer("Ada"))
            try await shop.settle()
            let history = try await History(of: shop)
            let created = try #require(history["customer_created"].first)
            let welcome = try #require(history["mail_requested"].first)
            #expect(welcome.cause == created.id)
            #expect(history["mail_sent"].map(\.cause) == [welcome.id])
            #expect(history["mail_sent"].first?.entityID == welcome.entityID)
        }
    }
}
