import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `The parcels of a shop` {
    @Test func `are prepared when an order is billed, leave the house, and arrive`() async throws {
        try await withShop { shop in
            let (order, tea) = try await shop.ordered()
            _ = try await shop.createOne("/billings", billing(order))
            try await shop.settle()
            let prepared = try #require(try await shop.get("/shippings").array?.first)
            let id = try #require(prepared["id"]?.string)
            #expect(prepared["order_id"] == .string(order) && prepared["status"] == "prepared")
            #expect(prepared["created_at"] == (try await shop.get("/order/\(order)"))["billed_at"])
            #expect(try await shop.get("/orders/unshipped").array?.count == 1)
            var stock = try await shop.get("/inventory/\(tea.inventory)")
            #expect(stock["on_hand"] == 9 && stock["reserved"] == 2 && stock["amount"] == 7)
            try await shop.expectConflict("POST", "/shipping/\(id)/deliver", nil) { message in
                #expect(message == "the shipping \(id) is prepared and cannot be delivered: only a shipped one can")
            }
            let code: JSONValue = ["tracking_code": "JJD-0001"]
            #expect(try await shop.request("POST", "/shipping/\(id)/ship", code).text == "true")
            let shipped = try await shop.get("/order/\(order)")
            #expect(shipped["status"] == "shipped" && shipped["shipped_at"]?.number != nil)
            #expect(try await shop.get("/orders/unshipped") == [])
            stock = try await shop.get("/inventory/\(tea.inventory)")
            #expect(stock["on_hand"] == 7 && stock["reserved"] == 0 && stock["amount"] == 7)
            #expect(try await shop.get("/shipping/\(id)")["tracking_code"] == "JJD-0001")
            #expect(
                try await shop.request("PUT", "/shipping/\(id)/tracking", ["tracking_code": "JJD-0002"]).text
                    == "true")
            #expect(try await shop.request("POST", "/shipping/\(id)/deliver").text == "true")
            let delivered = try await shop.get("/order/\(order)")
            #expect(delivered["status"] == "delivered" && delivered["delivered_at"]?.number != nil)
            #expect(try await shop.get("/orders/delivered") == [delivered])
            let parcel = try await shop.get("/shipping/\(id)")
            #expect(parcel["status"] == "delivered" && parcel["tracking_code"] == "JJD-0002")
            #expect(parcel["shipped_at"]?.number != nil && parcel["delivered_at"]?.number != nil)
            #expect(try await shop.amount(tea) == 7)
            let report = try await shop.call("projection.verify")
            #expect(report["differences"] == 0)
        }
    }

    @Test func `once on their way hold their order and its money`() async throws {
        try await withShop { shop in
            let (order, tea) = try await shop.ordered()
            let paid = try await shop.createOne("/billings", billing(order))
            try await shop.settle()
            let id = try #require(try await shop.get("/shippings").array?.first?["id"]?.string)
            _ = try await shop.request("POST", "/shipping/\(id)/ship").taken()
            let refusals: [(String, String, JSONValue?, String)] = [
                (
                    "POST", "/order/\(order)/cancel", nil,
                    "cannot become cancelled: only a placed or billed order can"
                ),
                (
                    "DELETE", "/order/\(order)", nil,
                    "cannot be deleted: only a placed, billed or cancelled order can"
                ),
                (
                    "PUT", "/order/\(order)",
                    ["product_ids": [.string(tea.product)], "customer_id": .string(nobody)],
                    "cannot be changed: only a placed order can"
                ),
                ("DELETE", "/billing/\(paid)", nil, "cannot become placed again: only a billed order can"),
            ]
            for (method, path, body, end) in refusals {
                try await shop.expectConflict(method, path, body) { message in
                    #expect(message == "the order 1 is shipped and \(end)")
                }
            }
            for (method, path, end) in [
                ("POST", "/shipping/\(id)/ship", "be shipped"), ("DELETE", "/shipping/\(id)", "be deleted"),
            ] {
                try await shop.expectConflict(method, path, nil) { message in
                    #expect(message == "the shipping \(id) is shipped and cannot \(end): only a prepared one can")
                }
            }
        }
    }

    @Test func `are made by hand, one for an order that is billed`() async throws {
        try await withShop(.init().with("ORDERSHOP_SHIPPING_AUTOMATIC", "false")) { shop in
            let (order, _) = try await shop.ordered()
            try await shop.expectConflict("POST", "/shippings", ["order_id": .string(order)]) { message in
                #expect(message == "the order 1 is placed and cannot become shipped: only a billed order can")
            }
            _ = try await shop.createOne("/billings", billing(order))
            try await shop.settle()
            #expect(try await shop.get("/shippings") == [])
            let body: JSONValue = ["order_id": .string(order), "tracking_code": "T 1"]
            let id = try await shop.createOne("/shipping", body)
            #expect(try await shop.get("/shipping/\(id)")["tracking_code"] == "T 1")
            try await shop.expectConflict("POST", "/shippings", ["order_id": .string(order)]) { message in
                #expect(message == "the order 1 has a shipping already: \(id)")
            }
            try await shop.expectNoChange {
                let gone: JSONValue = ["order_id": .string(nobody)]
                try expectProblem(await shop.request("POST", "/shippings", gone), 422, pointers: ["/order_id"])
                let code: JSONValue = ["tracking_code": "a\nb"]
                try expectProblem(
                    await shop.request("POST", "/shipping/\(id)/ship", code), 422, pointers: ["/tracking_code"])
                for path in ["ship", "deliver"] {
                    try expectProblem(await shop.request("POST", "/shipping/\(nobody)/\(path)"), 404, path)
                }
                let track = try await shop.request("PUT", "/shipping/\(nobody)/tracking", ["tracking_code": "x"])
                try expectProblem(track, 404, "track")
                try expectProblem(await shop.request("DELETE", "/shipping/\(nobody)"), 404, "delete")
            }
            #expect(try await shop.request("DELETE", "/shipping/\(id)").text == "true")
            #expect(try await shop.get("/shippings") == [])
            _ = try await shop.createOne("/shipping", body)
        }
    }

    @Test func `are unpacked when their order is cancelled or deleted`() async throws {
        try await withShop { shop in
            for end in [("POST", "/cancel"), ("DELETE", "")] {
                let (order, _) = try await shop.ordered()
                _ = try await shop.createOne("/billings", billing(order))
                try await shop.settle()
                #expect(try await shop.get("/shippings").array?.count == 1)
                _ = try await shop.request(end.0, "/order/\(order)\(end.1)").taken()
                try await shop.settle()
                #expect(try await shop.get("/shippings") == [])
            }
        }
    }
}
