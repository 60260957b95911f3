import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `The report of orders` {
    @Test func `has each order with its customer, products, billing and parcel, as they stand in their lists`()
        async throws
    {
        try await withShop { shop in
            #expect(try await shop.request("GET", "/report/orders").text == "[]")
            let (tea, cup) = (try await shop.stock("Tea", 9), try await shop.stock("Cup", 9))
            let people = try await shop.create("/customers", [customer("Ada"), customer("Bob")])
            let orders = try await shop.create(
                "/orders",
                [
                    order([tea.product, cup.product, tea.product], by: people[0]),
                    order([cup.product], by: people[1]),
                ])
            _ = try await shop.createOne("/billings", billing(orders[0]))
            _ = try await shop.request("DELETE", "/customer/\(people[1])").taken()
            try await shop.settle()
            let report = try await shop.get("/report/orders").array ?? []
            #expect(report.map { $0["order"] ?? .null } == (try await shop.get("/orders")).array)
            #expect(
                report.first?.object?.members.map(\.key) == [
                    "order", "customer", "products", "billings", "shippings",
                ])
            #expect(report.first?["customer"] == (try await shop.get("/customer/\(people[0])")))
            #expect(report.first?["products"] == (try await shop.get("/products")))
            #expect(report.first?["billings"] == (try await shop.get("/billings")))
            #expect(report.first?["shippings"] == (try await shop.get("/shippings")))
            #expect(report.last?["customer"] == .null && report.last?["products"]?.array?.count == 1)
            #expect(report.last?["billings"] == [] && report.last?["shippings"] == [])
        }
    }

    @Test func `is whole over many pages`() async throws {
        try await withShop { shop in
            let tea = try await shop.stock("Tea", 300)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let all = JSONValue.array(Array(repeating: order([tea.product], by: ada), count: 250))
            let ids = try await shop.create("/orders", all)
            let report = try await shop.get("/report/orders").array ?? []
            #expect(report.compactMap { $0["order"]?["id"]?.string } == ids)
            #expect(report.allSatisfy { $0["customer"]?["name"] == "Ada" })
        }
    }
}

@Suite(.timeLimit(.minutes(12))) struct `Who orders is told` {
    @Test func `of each step of his order, once`() async throws {
        try await withShop { shop in
            let (first, tea) = try await shop.ordered()
            let ada = try #require(try await shop.get("/order/\(first)")["customer_id"]?.string)
            _ = try await shop.createOne("/billings", billing(first))
            try await shop.settle()
            let parcel = try #require(try await shop.get("/shippings").array?.first?["id"]?.string)
            let code: JSONValue = ["tracking_code": "JJD-0001"]
            _ = try await shop.request("POST", "/shipping/\(parcel)/ship", code).taken()
            _ = try await shop.request("POST", "/shipping/\(parcel)/deliver").taken()
            let second = try await shop.createOne("/orders", order([tea.product], by: ada))
            _ = try await shop.request("POST", "/order/\(second)/cancel").taken()
            _ = try await shop.request("DELETE", "/order/\(second)").taken()
            try await shop.settle()
            let said = try await shop.call("crm.interactions", ["customer_id": .string(ada)]).array ?? []
            #expect(
                said.compactMap { $0["kind"]?.string } == [
                    "welcome", "order thanks", "order shipped", "order delivered", "order thanks",
                    "order cancelled",
                ])
            let mails = try await History(of: shop)["mail_requested"].map(\.entity)
            func body(_ subject: String) -> String? {
                mails.first { $0["subject"]?.string == subject }?["body"]?.string
            }
            #expect(
                body("Your order is on its way")
                    == "Dear Ada,\n\nyour order 1 has left our house.\n\nThe carrier knows it as JJD-0001.\n")
            #expect(body("Your order has arrived")?.contains("your order 1 has arrived") == true)
            #expect(mails.count { $0["subject"] == "Your order is cancelled" } == 1)
            #expect(mails.count { $0["subject"] == "We have received € 15.80" } == 1)
            let audit = try await Audit(shop)
            audit.everyMailIsRequestedOnce()
            audit.everyInteractionIsNotedOnce()
        }
    }
}
