import JSON
import Redis
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `The entity cache in Redis` {
    @Test func `an entity is a hash of its properties, its id first`() async throws {
        try await withShop { shop in
            let ada = try await shop.createOne("/customers", ["email": "ada@example.org", "name": "Ada Ü"])
            let tea = try await shop.createOne("/products", ["price": .decimal("12.5"), "name": "Tea"])
            let stock = try await shop.createOne("/inventory", inventory(tea, 3))
            let first = try await shop.createOne("/orders", order([tea, tea], by: ada))
            let paid = try await shop.createOne(
                "/billings", ["order_id": .string(first), "done": .decimal("1.25")])
            let hashes = [
                "customer_entity:\(ada)": ["id", ada, "name", "Ada Ü", "email", "ada@example.org"],
                "product_entity:\(tea)": ["id", tea, "name", "Tea", "price", "12.5"],
                "inventory_entity:\(stock)": ["id", stock, "product_id", tea, "amount", "1"],
                "order_entity:\(first)": [
                    "id", first, "product_ids", "order_product_ids:\(first)", "customer_id", ada,
                ],
                "billing_entity:\(paid)": ["id", paid, "order_id", first, "done", "1.25"],
            ]
            for (key, content) in hashes {
                // What the contract names stands first; what was added comes behind.
                #expect(try await shop.redis.strings("HGETALL", key).starts(with: content), "\(key)")
            }
        }
    }

    @Test func `a list of a property is a Redis list that the hash names`() async throws {
        try await withShop { shop in
            let (tea, cup) = (try await shop.stock("Tea", 9), try await shop.stock("Cup", 9))
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let pieces = [tea.product, cup.product, tea.product]
            let id = try await shop.createOne("/orders", order(pieces, by: ada))
            let key = try #require(
                try await shop.redis.run("HGET", "order_entity:\(id)", "product_ids").string)
            #expect(key == "order_product_ids:\(id)")
            #expect(try await shop.redis.strings("LRANGE", key, "0", "-1") == pieces)
            _ = try await shop.request("PUT", "/order/\(id)", order([cup.product], by: ada)).taken()
            #expect(try await shop.redis.strings("LRANGE", key, "0", "-1") == [cup.product])
        }
    }

    @Test func `the ids of a topic are a set`() async throws {
        try await withShop { shop in
            let people = try await shop.create("/customers", [customer("Ada"), customer("Bob"), customer("Cleo")])
            _ = try await shop.request("DELETE", "/customer/\(people[1])").taken()
            #expect(try await shop.redis.run("TYPE", "customer_ids").string == "set")
            #expect(try await Set(shop.redis.strings("SMEMBERS", "customer_ids")) == [people[0], people[2]])
        }
    }

    @Test func `deleting an entity removes all of its keys`() async throws {
        try await withShop { shop in
            let tea = try await shop.stock("Tea", 9)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let id = try await shop.createOne("/orders", order([tea.product, tea.product], by: ada))
            let paid = try await shop.createOne("/billings", billing(id))
            try await shop.settle()
            let gone = [
                "billing/\(paid)", "order/\(id)", "inventory/\(tea.inventory)", "product/\(tea.product)",
                "customer/\(ada)",
            ]
            for path in gone { _ = try await shop.request("DELETE", "/\(path)").taken() }
            for path in gone {
                let name = try #require(path.split(separator: "/").last)
                let left = try await shop.redis.keys("*:\(name)")
                #expect(left.filter { !$0.hasPrefix("ordershop:") } == [])
            }
            for topic in ["customer", "product", "inventory", "order", "billing"] {
                #expect(try await shop.redis.run("EXISTS", "\(topic)_ids").int == 0)
            }
        }
    }

    @Test func `every key is one of the contract's or begins with ordershop`() async throws {
        try await withShop { shop in
            let known = [
                /events:\{[a-z]+\}_[a-z]+/, /[a-z]+_ids/, /[a-z]+_entity:[0-9a-f-]{36}/,
                /order_product_ids:[0-9a-f-]{36}/, /order_lines:[0-9a-f-]{36}/, /checkpoint:[a-z]+/, /ordershop:.+/,
            ]
            let tea = try await shop.stock("Tea", 9)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            _ = try await shop.createOne(
                "/billings", billing(shop.createOne("/orders", order([tea.product], by: ada))))
            try await shop.settle()
            let strange = try await shop.redis.keys("*").filter { key in
                !known.contains { key.wholeMatch(of: $0) != nil }
            }
            #expect(strange == [])
        }
    }

    @Test func `a cache that was dropped is the same after a rebuild`() async throws {
        try await withShop { shop in
            let (tea, cup) = (try await shop.stock("Tea", 9), try await shop.stock("Cup", 9))
            let people = try await shop.create("/customers", [customer("Ada"), customer("Bob")])
            let orders = try await shop.create(
                "/orders", [order([tea.product], by: people[0]), order([cup.product, tea.product], by: people[1])])
            _ = try await shop.createOne("/billings", billing(orders[0]))
            _ = try await shop.request("PUT", "/order/\(orders[1])", order([tea.product], by: people[0])).taken()
            _ = try await shop.request("DELETE", "/customer/\(people[1])").taken()
            try await shop.settle()
            let before = try await CacheDump(of: shop)
            #expect(before.content.count > 10)
            // What no event speaks of has to go.
            _ = try await shop.redis.run("SADD", "customer_ids", nobody)
            _ = try await shop.redis.run("HSET", "customer_entity:\(nobody)", "id", nobody)
            _ = try await shop.redis.run("HSET", "customer_entity:\(people[0])", "name", "Mallory", "extra", "1")
            for module in Shop.owners { _ = try await shop.call("module.rebuild", ["name": .string(module)]) }
            #expect(before.difference(try await CacheDump(of: shop)) == [])
            try await shop.rebuildCache()
            #expect(before.difference(try await CacheDump(of: shop)) == [])
        }
    }

    @Test func `a cache that is missing at the start is built`() async throws {
        try await withShop { shop in
            let tea = try await shop.stock("Tea", 9)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            _ = try await shop.createOne("/orders", order([tea.product], by: ada))
            try await shop.settle()
            let before = try await CacheDump(of: shop)
            let keys = try await CacheDump.keys(of: shop)
            _ = try await shop.redis.pipeline(keys.map { RedisCommand("DEL", $0) })
            await shop.daemon.stop()
            try await shop.daemon.start()
            try await eventually("the cache is there again") {
                try await before.difference(CacheDump(of: shop)) == []
            }
        }
    }
}
