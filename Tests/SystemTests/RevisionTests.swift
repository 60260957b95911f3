import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `An entity's revision` {
    private func put(
        _ shop: Shop, _ id: String, _ name: String, _ headers: [(String, String)]
    ) async throws -> HTTPResponse {
        try await shop.request("PUT", "/customer/\(id)", headers: headers, body: customer(name).text)
    }

    @Test func `is its tag, and changes with it`() async throws {
        try await withShop { shop in
            let id = try await shop.createOne("/customers", customer("Ada"))
            let before = try #require(await shop.request("GET", "/customer/\(id)").header("etag"))
            let same = try await shop.request("GET", "/customer/\(id)", headers: [("If-None-Match", before)])
            #expect(same.status == 304 && same.body.isEmpty && same.header("etag") == before)
            let changed = try await put(shop, id, "Eve", [("If-Match", before)])
            let after = try #require(changed.header("etag"))
            #expect(changed.status == 200 && after != before)
            #expect(try await shop.request("GET", "/customer/\(id)").header("etag") == after)
            let newer = try await shop.request("GET", "/customer/\(id)", headers: [("If-None-Match", before)])
            #expect(newer.status == 200)
            #expect(try newer.json()["name"] == "Eve")
        }
    }

    @Test func `that is not the expected one lets nothing happen`() async throws {
        try await withShop { shop in
            let id = try await shop.createOne("/customers", customer("Ada"))
            let before = try #require(await shop.request("GET", "/customer/\(id)").header("etag"))
            _ = try await put(shop, id, "Eve", [])
            let after = try #require(await shop.request("GET", "/customer/\(id)").header("etag"))
            try await shop.expectNoChange {
                let late = try await put(shop, id, "Bob", [("If-Match", before)])
                try expectProblem(late, 412, "put")
                #expect(try late.json()["expected"] == [.string(before.replacing("\"", with: ""))])
                #expect(try late.json()["actual"]?.string == after.replacing("\"", with: ""))
                for tag in ["\"1-1\"", "W/\(after)", "nonsense"] {
                    try expectProblem(await put(shop, id, "Bob", [("If-Match", tag)]), 412, tag)
                }
                let deletion = try await shop.request("DELETE", "/customer/\(id)", headers: [("If-Match", before)])
                try expectProblem(deletion, 412, "delete")
                let creation = try await shop.request(
                    "POST", "/customers", headers: [("If-Match", after)], body: customer("Zoe").text)
                try expectProblem(creation, 422, "create")
            }
            #expect(try await put(shop, id, "Bob", [("If-Match", "\(before), \(after)")]).status == 200)
            #expect(try await put(shop, id, "Zoe", [("If-Match", "*")]).status == 200)
        }
    }

    @Test func `lets one of many win who change the same`() async throws {
        try await withShop { shop in
            let id = try await shop.createOne("/customers", customer("Ada"))
            let tag = try #require(await shop.request("GET", "/customer/\(id)").header("etag"))
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<20 {
                    group.addTask { try await put(shop, id, "N\(number)", [("If-Match", tag)]).status }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200] + Array(repeating: 412, count: 19))
        }
    }

    @Test func `can be expected over the socket`() async throws {
        try await withShop { shop in
            let id = try await shop.createOne("/customers", customer("Ada"))
            let revision = try await shop.call("entity.revision", ["entity": .string("customer:\(id)")])
            var params = JSONObject([("id", .string(id)), ("name", "Eve"), ("email", "eve@example.org")])
            params["expected_revision"] = revision
            #expect(try await shop.call("customer.update", .object(params)) == true)
            #expect(try await shop.reason("customer.update", .object(params)) == "revision-mismatch")
            #expect(try await shop.call("entity.revision", ["entity": .string("customer:\(nobody)")]) == .null)
        }
    }
}
