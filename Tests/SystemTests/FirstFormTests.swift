import Foundation
import JSON
import TestKit
import Testing

/// The events of the first version, as it wrote them: `Tests/Fixtures/first-form.ndjson`.
@Suite(.timeLimit(.minutes(12))) struct `A stream of the first form` {
    private struct Entry {
        let id: String
        let stream: String
        let eventID: String
        let entity: String

        init?(_ line: some StringProtocol) {
            guard let json = try? JSONValue(parsing: line.utf8), let id = json["id"]?.string,
                let stream = json["stream"]?.string, let eventID = json["event_id"]?.string,
                let entity = json["entity"]?.string
            else { return nil }
            (self.id, self.stream, self.eventID, self.entity) = (id, stream, eventID, entity)
        }
    }

    private static func entries(_ file: String = #filePath) throws -> [Entry] {
        let folder = URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: folder.appending(path: "Fixtures/first-form.ndjson"), encoding: .utf8)
        return text.split(separator: "\n").compactMap { Entry($0) }
    }

    private func withFirstForm(_ body: @escaping @Sendable (Shop, [Entry]) async throws -> Void) async throws {
        let entries = try Self.entries()
        #expect(entries.count == 29)
        try await Slots.inTurn {
            let redis = try await RedisServer.start()
            defer { redis.kill() }
            for entry in entries {
                _ = try await RedisProbe(url: redis.url).run(
                    "XADD", entry.stream, entry.id, "event_id", entry.eventID, "entity", entry.entity)
            }
            try await withShop(.init(redis: redis.url), inTurn: false) { try await body($0, entries) }
        }
    }

    /// What the events of a topic say, folded by the test: id → the entity.
    private func folded(_ topic: String, _ entries: [Entry]) throws -> [String: JSONObject] {
        var found: [String: JSONObject] = [:]
        for entry in entries where entry.stream.hasPrefix("events:{\(topic)}") {
            let entity = try #require(try JSONValue(parsing: entry.entity.utf8).object)
            let id = try #require(entity["id"]?.string)
            found[id] = entry.stream.hasSuffix("_deleted") ? nil : entity
        }
        return found
    }

    @Test func `is read with all that stands in it: lists, entities, their past`() async throws {
        try await withFirstForm { shop, entries in
            let paths = [
                ("customer", "/customers"), ("product", "/products"), ("inventory", "/inventory"),
                ("order", "/orders"), ("billing", "/billings"),
            ]
            for (topic, path) in paths {
                let expected = try folded(topic, entries)
                let found = try await shop.get(path).array ?? []
                #expect(Set(found.compactMap { $0["id"]?.string }) == Set(expected.keys))
                for entity in found {
                    let id = try #require(entity["id"]?.string)
                    for member in expected[id]?.members ?? [] {
                        #expect(entity[member.key] == member.value, "\(topic) \(id)")
                    }
                    #expect(try await shop.get("/\(topic)/\(id)") == entity)
                    let events = entries.filter {
                        $0.stream.contains("{\(topic)}") && $0.entity.contains("\"\(id)\"")
                    }
                    let history = try await shop.get("/\(topic)/\(id)/history")["events"]?.array ?? []
                    #expect(history.compactMap { $0["id"]?.string } == events.map(\.id).reversed())
                    let first = try #require(events.first?.id)
                    #expect(try await shop.get("/\(topic)/\(id)?at=\(first)")["id"]?.string == id)
                }
            }
        }
    }

    @Test func `gives caches and indexes in which nothing is missing`() async throws {
        try await withFirstForm { shop, _ in
            let report = try await shop.call("projection.verify")
            #expect(report["differences"] == 0)
            let unbilled = try await shop.get("/orders/unbilled").array ?? []
            #expect(unbilled.count == 2)
        }
    }

    @Test func `can be gone on with by every command`() async throws {
        try await withFirstForm { shop, entries in
            try await shop.settle()
            let orders = try await shop.get("/orders/unbilled").array ?? []
            let order = try #require(orders.first?.object)
            let id = try #require(order["id"]?.string)
            let products = try #require(order["product_ids"]?.array)
            let buyer = try #require(order["customer_id"])
            // More of the same, and one that is billed.
            _ = try await shop.request(
                "PUT", "/order/\(id)",
                ["product_ids": .array(products + [products[0]]), "customer_id": buyer]
            ).taken()
            _ = try await shop.request("POST", "/billings", ["order_id": .string(id)]).taken()
            let other = try #require(orders.last?["id"]?.string)
            _ = try await shop.request("DELETE", "/order/\(other)").taken()
            for inventory in try await shop.get("/inventory").array ?? [] {
                let path = "/inventory/\(inventory["id"]?.string ?? "")"
                _ = try await shop.request(
                    "PUT", path, ["product_id": inventory["product_id"] ?? .null, "amount": 50]
                ).taken()
                #expect(try await shop.get(path)["amount"] == 50)
            }
            _ = try await shop.request("PUT", "/customer/\(buyer.string ?? "")", customer("Zora")).taken()
            try await shop.settle()
            #expect(try await shop.call("projection.verify")["differences"] == 0)
            #expect(try await shop.call("parked.list", ["module": "billing"]) == [])
        }
    }
}
