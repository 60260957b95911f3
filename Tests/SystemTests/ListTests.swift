import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `A list` {
    private func ids(_ value: JSONValue) -> [String] { (value.array ?? []).compactMap { $0["id"]?.string } }

    /// Goes through the pages by their links.
    private func pages(
        _ shop: Shop, _ path: String, between: (Int) async throws -> Void = { _ in }
    ) async throws -> [[String]] {
        var pages: [[String]] = []
        var next: String? = path
        while let path = next {
            let response = try await shop.request("GET", path)
            pages.append(ids(try response.taken()))
            next = response.header("link").flatMap { $0.split(separator: ">").first }.map { String($0.dropFirst()) }
            try await between(pages.count)
        }
        return pages
    }

    @Test func `comes by pages, each entity once and in order`() async throws {
        try await withShop { shop in
            let all = try await shop.create("/customers", .array((0..<25).map { customer("C\($0)") }))
            let pages = try await pages(shop, "/customers?limit=10")
            #expect(pages.map(\.count).prefix(3) == [10, 10, 5])
            #expect(pages.flatMap(\.self) == all)
            #expect(ids(try await shop.get("/customers")) == all)
        }
    }

    @Test func `has no gap and nothing twice while entities come and go`() async throws {
        try await withShop { shop in
            let all = try await shop.create("/customers", .array((0..<30).map { customer("C\($0)") }))
            let pages = try await pages(shop, "/customers?limit=7") { number in
                guard number < 4 else { return }
                // One that was seen, one that is to come, and one more.
                _ = try await shop.request("DELETE", "/customer/\(all[number])")
                _ = try await shop.request("DELETE", "/customer/\(all[29 - number])")
                _ = try await shop.createOne("/customers", customer("New\(number)"))
            }
            let seen = pages.flatMap(\.self)
            #expect(Set(seen).count == seen.count)
            #expect(Array(seen.prefix(27)) == Array(all.prefix(26)) + [all[29]])
            #expect(seen.count == 27 + 3)
        }
    }

    @Test func `of a customer's orders has his and no others`() async throws {
        try await withShop { shop in
            let tea = try await shop.stock("Tea", 100)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let eve = try await shop.createOne("/customers", customer("Eve"))
            var hers: [String] = []
            for number in 0..<12 {
                let id = try await shop.createOne(
                    "/orders", order([tea.product], by: number.isMultiple(of: 3) ? eve : ada))
                if number.isMultiple(of: 3) { hers.append(id) }
            }
            // What was another's before is his now.
            _ = try await shop.request("PUT", "/order/\(hers[0])", order([tea.product], by: ada))
            hers.removeFirst()
            #expect(ids(try await shop.get("/orders?customer_id=\(eve)")) == hers)
            #expect(try await pages(shop, "/orders?customer_id=\(eve)&limit=2").flatMap(\.self) == hers)
            #expect(ids(try await shop.get("/orders?number=1")).count == 1)
            #expect(ids(try await shop.get("/inventory?product_id=\(tea.product)")) == [tea.inventory])
            #expect(try await shop.get("/inventory?product_id=\(nobody)") == [])
        }
    }

    @Test func `over the socket says where the next page begins`() async throws {
        try await withShop { shop in
            let all = try await shop.create("/customers", .array((0..<5).map { customer("C\($0)") }))
            let first = try await shop.call("customer.list", ["limit": 3])
            #expect(ids(first["items"] ?? .null) == Array(all.prefix(3)))
            let rest = try await shop.call("customer.list", ["limit": 3, "cursor": first["next"] ?? .null])
            #expect(ids(rest["items"] ?? .null) == Array(all.suffix(2)))
            #expect(rest["next"] == nil)
        }
    }

    @Test func `refuses what it does not know`() async throws {
        try await withShop { shop in
            _ = try await shop.create("/customers", .array((0..<5).map { customer("C\($0)") }))
            let link = try await shop.request("GET", "/customers?limit=2").header("link") ?? ""
            let cursor = link.split(separator: "cursor=").last?.split(separator: ">").first ?? ""
            for (query, pointer) in [
                ("/customers?limit=0", "/limit"), ("/customers?limit=1001", "/limit"),
                ("/customers?limit=x", "/limit"), ("/customers?limit=2&cursor=1-1.00000000", "/cursor"),
                ("/products?limit=2&cursor=\(cursor)", "/cursor"), ("/customers?cursor=\(cursor)", "/cursor"),
                ("/customers?nam=x", "/nam"), ("/orders?customer_id=x", "/customer_id"),
            ] {
                try expectProblem(await shop.request("GET", query), 422, pointers: [pointer], query)
            }
        }
    }
}

extension `A list` {
    private func names(_ value: JSONValue) -> [String] { (value.array ?? []).compactMap { $0["name"]?.string } }

    @Test func `is sorted by what it is asked for, from either end, whole or by pages`() async throws {
        try await withShop { shop in
            let prices: [(String, JSONValue)] = [("tea", 5), ("Cups", 12), ("pots", 5), ("Aprons", 100)]
            for (name, price) in prices {
                _ = try await shop.createOne("/products", ["name": .string(name), "price": price])
            }
            for (sort, expected) in [
                ("created_at", ["tea", "Cups", "pots", "Aprons"]), ("name", ["Aprons", "Cups", "pots", "tea"]),
            ] {
                for (sort, expected) in [(sort, expected), ("-\(sort)", expected.reversed())] {
                    #expect(names(try await shop.get("/products?sort=\(sort)")) == expected)
                    var found: [String] = []
                    var path: String? = "/products?sort=\(sort)&limit=1"
                    while let next = path {
                        let response = try await shop.request("GET", next)
                        found += names(try response.taken())
                        path = response.header("link").flatMap { $0.split(separator: ">").first }
                            .map { String($0.dropFirst()) }
                    }
                    #expect(found == expected, "\(sort)")
                }
            }
            let byPrice = names(try await shop.get("/products?sort=price"))
            #expect(Set(byPrice.prefix(2)) == ["tea", "pots"] && byPrice.suffix(2) == ["Cups", "Aprons"])
            _ = try await shop.request(
                "PUT", "/product/\(ids(try await shop.get("/products"))[0])", ["name": "tea", "price": 1000])
            #expect(names(try await shop.get("/products?sort=-price&limit=1")) == ["tea"])
        }
    }

    @Test func `of orders goes by their state, since when they are in it, and together with their customer`()
        async throws
    {
        try await withShop { shop in
            let tea = try await shop.stock("Tea", 100)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let eve = try await shop.createOne("/customers", customer("Eve"))
            var orders: [String] = []
            for number in 0..<6 {
                orders.append(
                    try await shop.createOne("/orders", order([tea.product], by: number < 3 ? ada : eve)))
            }
            for number in [4, 1, 3] { _ = try await shop.createOne("/billings", billing(orders[number])) }
            _ = try await shop.request("POST", "/order/\(orders[5])/cancel").taken()
            let billed = [orders[4], orders[1], orders[3]]
            #expect(ids(try await shop.get("/orders?status=billed")) == billed)
            #expect(ids(try await shop.get("/orders?status=billed&sort=-since")) == billed.reversed())
            #expect(ids(try await shop.get("/orders?status=placed")) == [orders[0], orders[2]])
            #expect(ids(try await shop.get("/orders?status=cancelled")) == [orders[5]])
            #expect(ids(try await shop.get("/orders?status=billed&customer_id=\(eve)")) == [orders[3], orders[4]])
            #expect(
                ids(try await shop.get("/orders?status=billed&customer_id=\(eve)&sort=since"))
                    == [orders[4], orders[3]])
            #expect(ids(try await shop.get("/orders?number=2&status=billed")) == [orders[1]])
            #expect(ids(try await shop.get("/orders?number=1&status=billed")) == [])
            #expect(ids(try await shop.get("/orders?sort=-created_at")) == orders.reversed())
            for path in ["/orders/unshipped?limit=2", "/orders?status=billed&limit=2"] {
                #expect(try await pages(shop, path).flatMap(\.self) == billed)
            }
            #expect(try await pages(shop, "/orders/unbilled?limit=2").flatMap(\.self) == [orders[0], orders[2]])
            #expect(ids(try await shop.get("/orders/unshipped?sort=-since")) == billed.reversed())
            // An order takes its pieces out of what can be sold.
            let cups = try await shop.stock("Cups", 90)
            #expect(ids(try await shop.get("/inventory?sort=amount")) == [cups.inventory, tea.inventory])
            _ = try await shop.createOne("/orders", order(Array(repeating: tea.product, count: 9), by: ada))
            #expect(ids(try await shop.get("/inventory?sort=amount")) == [tea.inventory, cups.inventory])
        }
    }

    @Test func `of customers goes by their address`() async throws {
        try await withShop { shop in
            let ada = try await shop.createOne("/customers", ["name": "Ada", "email": "Ada@example.org"])
            _ = try await shop.createOne("/customers", ["name": "Eve", "email": "eve@example.org"])
            #expect(ids(try await shop.get("/customers?email=ada@Example.org")) == [ada])
            _ = try await shop.request("PUT", "/customer/\(ada)", ["name": "Ada", "email": "ada@example.com"])
            #expect(try await shop.get("/customers?email=ada@example.org") == [])
            #expect(ids(try await shop.get("/customers?email=ada@example.com")) == [ada])
            _ = try await shop.request("DELETE", "/customer/\(ada)")
            #expect(try await shop.get("/customers?email=ada@example.com") == [])
        }
    }

    @Test func `refuses an order that it does not come in`() async throws {
        try await withShop { shop in
            for query in [
                "/products?sort=email", "/orders?sort=since", "/orders?sort=-total",
                "/orders?sort=since&customer_id=\(nobody)", "/orders?sort=created_at&status=billed",
                "/orders/unbilled?sort=created_at", "/inventory?sort=",
            ] {
                try expectProblem(await shop.request("GET", query), 422, pointers: ["/sort"], query)
            }
            try expectProblem(await shop.request("GET", "/orders?status=lost"), 422, pointers: ["/status"])
        }
    }
}

@Suite(.timeLimit(.minutes(12))) struct `A shop of an older version` {
    /// As if it had been written before there were these read models.
    @Test func `gets the read models that it lacks, and answers nothing too little until it has them`() async throws
    {
        try await withShop { shop in
            let tea = try await shop.stock("Tea", 100)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let first = try await shop.createOne("/orders", order([tea.product], by: ada))
            let missing = ["order.placed", "product.price", "customer.email"]
            // A note of another version holds until it is looked at again; a daemon of that version keeps it so.
            let now = try await Int(shop.redis.strings("TIME")[0]) ?? 0
            _ = try await shop.redis.run("ZADD", "ordershop:daemons", "\((now + 120) * 1_000)", "old:1:x")
            for name in missing { _ = try await shop.redis.run("HDEL", "ordershop:read-models", name) }
            for key in try await shop.redis.keys("ordershop:index:order.placed*") {
                _ = try await shop.redis.run("DEL", key)
            }
            _ = try await shop.redis.run("DEL", "ordershop:ranking:product.price")
            try await eventually("it is noticed") {
                try await shop.request("GET", "/products?sort=price").status == 503
            }
            let refused = try await shop.request("GET", "/products?sort=price")
            #expect(refused.status == 503 && refused.header("retry-after") == "5")
            #expect(refused.text.contains("old:1:x"), "\(refused.text)")
            // All else goes on.
            #expect(try await shop.get("/orders").array?.count == 1)
            let status = try await shop.call("daemon.status")
            #expect(status["read_models"]?["building"]?.array?.compactMap(\.string) == missing.sorted())
            let later = try await shop.createOne("/orders", order([tea.product], by: ada))
            _ = try await shop.redis.run("ZREM", "ordershop:daemons", "old:1:x")
            try await eventually("they are built") {
                try await shop.request("GET", "/orders?status=placed").status == 200
            }
            let found = try await shop.get("/orders?status=placed").array?.compactMap { $0["id"]?.string }
            #expect(found == [first, later])
            #expect(try await shop.get("/products?sort=price").array?.count == 1)
            #expect(try await shop.call("daemon.status")["read_models"] == nil)
        }
    }
}
