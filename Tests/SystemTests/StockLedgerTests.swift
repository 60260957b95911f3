import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(4))) struct `The stock's ledger` {
    @Test func `reserves for an order and has as much on hand as before`() async throws {
        try await withShop { shop in
            let (id, tea, _) = try await shop.ordered(2, of: 9)
            #expect(try await shop.ledger(tea) == [7, 9, 2])
            #expect(try await shop.request("POST", "/order/\(id)/cancel").text == "true")
            #expect(try await shop.ledger(tea) == [9, 9, 0])
            let events = try await History(of: shop)["inventory_updated"]
            #expect(events.map { $0.field("movement") } == ["order", "cancellation"])
            #expect(events.allSatisfy { $0.field("order_id") == id })
        }
    }

    @Test func `is changed by what comes and goes, each with its cause`() async throws {
        try await withShop { shop in
            let (_, tea, _) = try await shop.ordered(2, of: 9)
            let stock: JSONValue = .string(tea.inventory)
            _ = try await shop.call("inventory.increment", ["id": stock, "amount": 5])
            _ = try await shop.call(
                "inventory.decrement", ["id": stock, "cause": "loss", "note": "fell off the shelf"])
            #expect(try await shop.ledger(tea) == [11, 13, 2])
            var whole = try #require(try await shop.get("/inventory/\(tea.inventory)").object)
            whole["amount"] = 20
            #expect(try await shop.request("PUT", "/inventory/\(tea.inventory)", .object(whole)).text == "true")
            #expect(try await shop.ledger(tea) == [20, 22, 2])
            let events = try await History(of: shop)["inventory_updated"].dropFirst()
            #expect(events.map { $0.field("movement") } == ["delivery", "loss", "correction"])
            #expect(events.map { $0.field("note") } == [nil, "fell off the shelf", nil])
            try await shop.expectNoChange {
                #expect(try await shop.reason("inventory.decrement", ["id": stock, "amount": 21]) == "conflict")
                let unknown = try await shop.reason("inventory.increment", ["id": stock, "cause": "magic"])
                #expect(unknown == "invalid")
                whole["reserved"] = 0
                let own = try await shop.request("PUT", "/inventory/\(tea.inventory)", .object(whole))
                try expectProblem(own, 422, pointers: ["/on_hand", "/reserved"], "what the shop keeps")
            }
        }
    }

    @Test func `is corrected by a count, but not below what is reserved`() async throws {
        try await withShop { shop in
            let (_, tea, _) = try await shop.ordered(3, of: 9)
            let count = "/inventory/\(tea.inventory)/count"
            #expect(try await shop.request("POST", count, ["on_hand": 3, "note": "by Ada"]).text == "true")
            #expect(try await shop.ledger(tea) == [0, 3, 3])
            let event = try await History(of: shop)["inventory_updated"].last
            #expect(event?.field("movement") == "count" && event?.field("note") == "by Ada")
            try await shop.expectConflict("POST", count, ["on_hand": 2]) { message in
                #expect(message.hasPrefix("2 pieces were counted, but 3 are reserved for orders"))
            }
            try await shop.expectNoChange {
                try expectProblem(await shop.request("POST", count, [:]), 422, pointers: ["/on_hand"], "no count")
                let nobodys = try await shop.request("POST", "/inventory/\(nobody)/count", ["on_hand": 2])
                try expectProblem(nobodys, 404, "nobody's")
            }
        }
    }

    @Test func `cannot be told from outside that an order was shipped`() async throws {
        try await withShop { shop in
            let (id, tea, _) = try await shop.ordered(1, of: 9)
            let parameters: JSONValue = ["order_id": .string(id), "product_ids": .list([tea.product])]
            #expect(try await shop.reason("inventory.ship", parameters) == "unknown-method")
        }
    }
}

extension Shop {
    /// An order of so many cups of tea.
    func ordered(_ pieces: Int, of onHand: Int64) async throws -> (id: String, tea: Goods, customer: String) {
        let tea = try await stock("Tea", onHand)
        let ada = try await createOne("/customers", customer("Ada"))
        let products = Array(repeating: tea.product, count: pieces)
        return (try await createOne("/orders", order(products, by: ada)), tea, ada)
    }

    /// What can be sold, what lies there and what is reserved.
    func ledger(_ goods: Goods) async throws -> [Int64?] {
        let inventory = try await get("/inventory/\(goods.inventory)")
        return ["amount", "on_hand", "reserved"].map { inventory[$0]?.number?.int64 }
    }
}
