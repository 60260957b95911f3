import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `The stock's ledger` {
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

@Suite(.timeLimit(.minutes(12))) struct `What is told of the stock` {
    @Test func `each movement with its cause, what it changed and what there was then, the newest first`()
        async throws
    {
        try await withShop { shop in
            let (id, tea, _) = try await shop.ordered(2, of: 9)
            let path = "/inventory/\(tea.inventory)"
            _ = try await shop.call(
                "inventory.decrement", ["id": .string(tea.inventory), "cause": "loss", "note": "mice"])
            _ = try await shop.request("POST", "\(path)/count", ["on_hand": 7]).taken()
            _ = try await shop.request("POST", "/order/\(id)/cancel").taken()
            let all = try await shop.get("\(path)/movements")
            let rows = all["movements"]?.array ?? []
            #expect(all["next"] == nil)
            let told = rows.map { row in
                ["on_hand_change", "reserved_change", "on_hand", "reserved", "amount"].map {
                    row[$0]?.number?.int64
                }
            }
            #expect(rows.map { $0["movement"] } == ["cancellation", "count", "loss", "order", "opening"])
            #expect(
                told == [
                    [0, -2, 7, 0, 7], [-1, 0, 7, 2, 5], [-1, 0, 8, 2, 6], [0, 2, 9, 2, 7], [9, 0, 9, 0, 9],
                ])
            #expect(rows[3]["order_id"]?.string == id && rows[2]["note"] == "mice")
            #expect(rows[2]["by"]?["uid"]?.string != nil && rows[0]["time"]?.string != nil)

            var paged: [JSONValue] = []
            var cursor = ""
            repeat {
                let page = try await shop.get("\(path)/movements?limit=2\(cursor)")
                paged += page["movements"]?.array ?? []
                cursor = page["next"]?.string.map { "&cursor=\($0)" } ?? ""
            } while !cursor.isEmpty
            #expect(paged == rows)
            #expect(try await shop.get("/inventory/\(nobody)/movements") == ["movements": []])
            let cup = try await shop.stock("Cup", 1)
            let place = "\(rows[1]["id"]?.string ?? "").updated"
            let foreign = try await shop.request("GET", "/inventory/\(cup.inventory)/movements?cursor=\(place)")
            try expectProblem(foreign, 422, pointers: ["/cursor"], "another's place")
        }
    }

    @Test func `that it is low, once each time that it goes low`() async throws {
        try await withShop { shop in
            let (id, tea, ada) = try await shop.ordered(1, of: 6)
            let path = "/inventory/\(tea.inventory)"
            #expect(try await shop.request("PUT", "\(path)/level", ["low_stock_at": 3]).text == "true")
            #expect(try await shop.get("/inventory/low") == [])
            for _ in 0..<3 { _ = try await shop.createOne("/orders", order([tea.product], by: ada)) }
            #expect(try await shop.get("/inventory/low").array?.map { $0["id"]?.string } == [tea.inventory])
            _ = try await shop.call("inventory.increment", ["id": .string(tea.inventory), "amount": 2])
            #expect(try await shop.get("/inventory/low") == [])
            _ = try await shop.request("PUT", path, inventory(tea.product, 3)).taken()
            _ = try await shop.request("POST", "/order/\(id)/cancel").taken()
            _ = try await shop.request("POST", "\(path)/count", ["on_hand": 3]).taken()
            let alerts = try await History(of: shop).events.filter { $0.stream == "events:{stock_alert}_low" }
            #expect(alerts.map { $0.entity["amount"] } == [3, 3, 0])
            #expect(alerts.allSatisfy { $0.entity["inventory_id"]?.string == tea.inventory })
            #expect(try await shop.request("PUT", "\(path)/level", ["low_stock_at": .null]).text == "true")
            #expect(try await shop.get("/inventory/low") == [])
            try await shop.expectNoChange {
                let wrong = try await shop.request("PUT", "\(path)/level", ["low_stock_at": -1])
                try expectProblem(wrong, 422, pointers: ["/low_stock_at"], "below nothing")
                let nobodys = try await shop.request("PUT", "/inventory/\(nobody)/level", [:])
                try expectProblem(nobodys, 404, "nobody's")
            }
            #expect(try await shop.call("projection.verify")["differences"] == 0)
        }
    }

    @Test func `of a new inventory is low where the settings say, unless it says so itself`() async throws {
        var options = DaemonProcess.Options()
        options.environment["ORDERSHOP_INVENTORY_LOW_STOCK_AT"] = "5"
        try await withShop(options) { shop in
            let (tea, cup) = (try await shop.stock("Tea", 5), try await shop.stock("Cup", 6))
            let pot = try await shop.createOne("/products", product("Pot"))
            let own: JSONValue = ["product_id": .string(pot), "amount": 2, "low_stock_at": 1]
            let id = try await shop.createOne("/inventory", own)
            let low = try await shop.get("/inventory/low").array?.compactMap { $0["id"]?.string }
            #expect(low == [tea.inventory])
            #expect(try await shop.get("/inventory/\(cup.inventory)")["low_stock_at"] == 5)
            #expect(try await shop.get("/inventory/\(id)")["low_stock_at"] == 1)
            // Who says null means never.
            let jar = try await shop.createOne("/products", product("Jar"))
            let never = try await shop.createOne(
                "/inventory", ["product_id": .string(jar), "amount": 0, "low_stock_at": .null])
            #expect(try await shop.get("/inventory/\(never)")["low_stock_at"] == nil)
        }
    }

    @Test func `that an inventory is low from the beginning`() async throws {
        try await withShop { shop in
            let tea = try await shop.createOne("/products", product("Tea"))
            let body: JSONValue = ["product_id": .string(tea), "amount": 2, "low_stock_at": 2]
            let id = try await shop.createOne("/inventory", body)
            #expect(try await shop.get("/inventory/low").array?.count == 1)
            // Who does not speak of the level leaves it as it is.
            _ = try await shop.request("PUT", "/inventory/\(id)", inventory(tea, 1)).taken()
            #expect(try await shop.get("/inventory/\(id)")["low_stock_at"] == 2)
            let alerts = try await History(of: shop).events.filter { $0.stream == "events:{stock_alert}_low" }
            #expect(alerts.count == 1)
        }
    }
}

@Suite(.timeLimit(.minutes(12))) struct `An order that nobody pays for` {
    @Test func `lapses, and its pieces can be sold again; one that is paid does not`() async throws {
        try await withShop(.init().with("ORDERSHOP_ORDERS_UNPAID_AFTER", "2s")) { shop in
            let (late, tea, ada) = try await shop.ordered(2, of: 9)
            let paid = try await shop.createOne("/orders", order([tea.product], by: ada))
            _ = try await shop.createOne("/billings", billing(paid))
            try await eventually("it has lapsed") { try await shop.get("/order/\(late)")["status"] == "cancelled" }
            #expect(try await shop.get("/order/\(paid)")["status"] != "cancelled")
            #expect(try await shop.ledger(tea) == [8, 9, 1])
            let event = try await History(of: shop)["order_cancelled"].first
            #expect(event?.field("reason") == "lapsed" && event?.field("module") == "order")
            #expect(try await shop.get("/orders/unbilled") == [])
        }
    }
}
