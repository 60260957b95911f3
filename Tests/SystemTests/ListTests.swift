import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(4))) struct `A list` {
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
