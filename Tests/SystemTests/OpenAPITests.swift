import JSON
import TestKit
import Testing

/// `Tests/API/run` holds the document against the rules of OpenAPI, and the answers against the document.
@Suite(.timeLimit(.minutes(12))) struct `The OpenAPI document` {
    @Test func `has every route that there is, with its method's name`() async throws {
        try await withShop { shop in
            let document = try await shop.get("/openapi.json")
            #expect(document["openapi"] == "3.1.0")
            let paths = document["paths"]?.object?.members ?? []
            let ids = paths.flatMap { path in
                (path.value.object?.members ?? []).compactMap { $0.value["operationId"]?.string }
            }
            #expect(Set(ids).count == ids.count)
            for id in [
                "session", "login", "logout", "rpc", "customer.create", "customer.create-2", "order.unbilled",
                "inventory.get", "report",
            ] {
                #expect(ids.contains(id))
            }
            #expect(document["paths"]?["/customer/{id}"]?.object?.members.map(\.key) == ["delete", "get", "put"])
        }
    }

    @Test func `tells what goes in, what comes out, and what it can be refused for`() async throws {
        try await withShop { shop in
            let document = try await shop.get("/openapi.json")
            let create = document["paths"]?["/customers"]?["post"]
            let one = create?["requestBody"]?["content"]?["application/json"]?["schema"]?["oneOf"]?.array?.first
            #expect(one?["required"] == ["name", "email"])
            let result = create?["responses"]?["200"]?["content"]?["application/json"]?["schema"]
            #expect(result == ["type": "array", "items": ["type": "string", "format": "uuid"]])
            let statuses = ["200", "400", "401", "403", "413", "415", "421", "422", "500", "503"]
            #expect(create?["responses"]?.object?.members.map(\.key).sorted() == statuses)
            let order = document["paths"]?["/order/{id}"]?["put"]?["responses"]?.object?.members.map(\.key).sorted()
            #expect(order == (statuses + ["404", "409", "412"]).sorted())
            let at = document["paths"]?["/customer/{id}"]?["get"]?["parameters"]?.array?.first {
                $0["name"] == "at"
            }
            #expect(at?["in"] == "query" && at?["required"] == false)
        }
    }
}
