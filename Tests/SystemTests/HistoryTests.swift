import JSON
import JSONRPC
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `What happened to an entity` {
    private func person(_ name: String, _ id: String? = nil) -> JSONValue {
        var object = JSONObject([("name", .string(name)), ("email", "a@example.org")])
        object["id"] = id.map { .string($0) }
        return .object(object)
    }

    /// The events of a page.
    private func events(_ answer: JSONValue) -> [JSONValue] { answer["events"]?.array ?? [] }

    @Test func `is its history, from which its state at any time follows, on the socket`() async throws {
        try await withShop { shop in
            let id = try #require(await shop.call("customer.create", person("first")).string)
            _ = try await shop.call("customer.update", person("second", id))
            _ = try await shop.call("customer.delete", ["id": .string(id)])
            let entity = JSONValue.string("customer:\(id)")
            let answer = try await shop.call("entity.history", ["entity": entity])
            let history = events(answer)
            #expect(history.compactMap { $0["action"]?.string } == ["deleted", "updated", "created"])
            #expect(answer["next"] == nil && answer["trimmed_up_to"] == nil)
            let page = try await shop.call("entity.history", ["entity": entity, "limit": 2])
            #expect(events(page) == Array(history[..<2]))
            let rest = try await shop.call("entity.history", ["entity": entity, "cursor": page["next"] ?? .null])
            #expect(events(rest) == [history[2]])
            func state(_ at: JSONValue?) async throws -> JSONValue {
                var params = JSONObject([("entity", entity)])
                params["at"] = at
                return try await shop.call("entity.state", .object(params))
            }
            #expect(try await state(history[2]["id"])["name"] == "first")
            #expect(try await state(history[1]["id"])["name"] == "second")
            #expect(try await state(history[0]["id"]) == .null)
            #expect(try await state(nil) == .null)
            #expect(try await state("2001-01-01T00:00:00Z") == .null)
            #expect(try await shop.reason("entity.state", ["entity": "nothing:1"]) == "invalid")
        }
    }

    @Test func `is told over REST a page at a time, with who did it and what it came of`() async throws {
        try await withShop { shop in
            let created = try await shop.request(
                "POST", "/customers", headers: [("X-Request-ID", "visit-7")], body: person("Ada").text)
            let id = try #require(try created.taken().array?.first?.string)
            for name in ["Eda", "Ida"] { _ = try await shop.request("PUT", "/customer/\(id)", person(name)) }
            let all = try await shop.get("/customer/\(id)/history")
            #expect(events(all).compactMap { $0["entity"]?["name"]?.string } == ["Ida", "Eda", "Ada"])
            #expect(events(all).last?["by"] == ["request": "visit-7"])
            let page = try await shop.get("/customer/\(id)/history?limit=2")
            let cursor = try #require(page["next"]?.string)
            let rest = try await shop.get("/customer/\(id)/history?limit=2&cursor=\(cursor)")
            #expect(events(page) + events(rest) == events(all))
            #expect(rest["next"] == nil)
            let other = try #require(
                await shop.request("POST", "/customers", person("Bob")).taken().array?.first?.string)
            try expectProblem(
                await shop.request("GET", "/customer/\(other)/history?cursor=\(cursor)"), 422, "another's cursor")
            for bad in ["limit=0", "limit=x", "cursor=x", "curser=1-2"] {
                try expectProblem(await shop.request("GET", "/customer/\(id)/history?\(bad)"), 422, bad)
            }
            #expect(try await shop.get("/customer/\(nobody)/history") == ["events": []])
        }
    }

    @Test func `gives its state and what has changed at any time over REST`() async throws {
        try await withShop { shop in
            let id = try #require(
                await shop.request("POST", "/customers", person("Ada")).taken().array?.first?.string)
            _ = try await shop.request("PUT", "/customer/\(id)", person("Eda"))
            let history = events(try await shop.get("/customer/\(id)/history"))
            let (second, first) = (try #require(history[0]["id"]?.string), try #require(history[1]["id"]?.string))
            let path = "/customer/\(id)"
            #expect(try await shop.get("\(path)?at=\(first)") == history[1]["entity"])
            #expect(try await shop.get("\(path)?at=\(second)") == history[0]["entity"])
            #expect(try await shop.get("\(path)?at=1999999") == .null)
            #expect(try await shop.get(path) == history[0]["entity"])
            let changes = try await shop.get("\(path)/diff?from=\(first)&to=\(second)")
            #expect(
                changes == [
                    "from": .string(first), "to": .string(second),
                    "changes": [["member": "name", "before": "Ada", "after": "Eda"]],
                ])
            let birth = try await shop.get("\(path)/diff?from=2001-01-01T00:00:00Z")
            #expect(birth["from"] == .null && birth["changes"]?.array?.count == 3)
            #expect(try await shop.get("\(path)/diff?from=\(second)")["changes"] == [])
            for bad in ["\(path)/diff", "\(path)?at=yesterday"] {
                try expectProblem(await shop.request("GET", bad), 422, bad)
            }
        }
    }

    @Test func `joins all that came of one request by one id, whatever module did it`() async throws {
        try await withShop { shop in
            let tea = try await shop.stock("tea", 5)
            let ada = try #require(await shop.call("customer.create", person("Ada")).string)
            try await shop.settle()
            _ = try await shop.request(
                "POST", "/orders", headers: [("X-Request-ID", "order-7")], body: order([tea.product], by: ada).text
            ).taken()
            try await shop.settle()
            let found = try await shop.call("event.list", ["correlation": "order-7"]).array ?? []
            let what = found.map { "\($0["topic"]?.string ?? "") \($0["action"]?.string ?? "")" }
            #expect(
                Set(what).isSuperset(of: ["order created", "inventory updated", "mail requested", "mail sent"]))
            #expect(what.contains("interaction created"))
            let byModule = found.filter { $0["topic"] == "mail" }.compactMap { $0["by"]?["module"]?.string }
            #expect(Set(byModule) == ["crm", "billing", "mail"])
            #expect(found.filter { $0["topic"] == "order" }.allSatisfy { $0["by"] == ["request": "order-7"] })
        }
    }

    @Test func `is said to be trimmed where it is`() async throws {
        try await withShop { shop in
            let id = try #require(await shop.call("customer.create", person("Ada")).string)
            let first = try #require(
                events(try await shop.call("customer.history", ["id": .string(id)])).first?["id"]?.string)
            _ = try await shop.call("customer.update", person("Eda", id))
            try await shop.settle()
            _ = try await shop.call("retention.apply", ["before": "9999-01-01T00:00:00Z"])
            let history = try await shop.call("customer.history", ["id": .string(id)])
            #expect(events(history).isEmpty && history["trimmed_up_to"]?.string != nil)
            let now = try await shop.get("/customer/\(id)?at=9999999999")
            #expect(now["name"] == "Eda")
            try expectProblem(
                await shop.request("GET", "/customer/\(id)?at=\(first)"), 410, "before the cut")
        }
    }
}
