import JSON
import JSONRPC
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `A module that is switched off and on` {
    /// Customers who come and order a cup of tea each.
    private func trade(_ shop: Shop, _ goods: Goods, _ names: ClosedRange<Int>) async throws {
        for number in names {
            let person = try await shop.createOne("/customers", customer("c\(number)"))
            _ = try await shop.createOne("/orders", order([goods.product], by: person))
        }
    }

    /// Every customer is welcomed and every order thanked for, once, in the order in which they came.
    private func expectAllSaid(_ shop: Shop) async throws {
        try await shop.settle()
        let history = try await History(of: shop)
        let said = history["mail_requested"].filter { mail in
            ["Welcome!", "Thank you for your order"].contains { mail.entity["subject"]?.string == $0 }
        }
        let reasons = history.events.filter {
            ["events:{customer}_created", "events:{order}_created"].contains($0.stream)
        }
        #expect(said.map(\.cause) == reasons.map(\.id))
        #expect(history["interaction_created"].compactMap { $0.entity["cause"]?.string } == reasons.map(\.id))
        let requested = history["mail_requested"].map(\.entityID)
        #expect(history["mail_sent"].map(\.entityID).sorted() == requested.sorted())
        #expect(try shop.mailFiles().count == requested.count)
    }

    @Test func `crm catches up with all that happened, in order, once`() async throws {
        try await withShop { shop in
            let tea = try await shop.stock("Tea", 99)
            try await shop.settle()
            try await trade(shop, tea, 1...3)
            try await shop.settle()
            try await shop.setEnabled(false, "crm")
            let interactions = try await History(of: shop)["interaction_created"].count
            #expect(interactions == 6)
            try await trade(shop, tea, 4...9)
            // Billing and mail go on.
            try await shop.settle()
            #expect(try await History(of: shop)["interaction_created"].count == interactions)
            #expect(try await shop.modules()["crm"]?["lag"] == 12)
            try await shop.setEnabled(true, "crm")
            try await trade(shop, tea, 10...12)
            try await expectAllSaid(shop)
        }
    }

    @Test func `crm stays off over a restart and then catches up`() async throws {
        try await withShop { shop in
            let tea = try await shop.stock("Tea", 99)
            try await shop.settle()
            try await shop.setEnabled(false, "crm")
            try await trade(shop, tea, 1...3)
            await shop.daemon.stop()
            try await shop.daemon.start()
            #expect(try await shop.modules()["crm"]?["state"] == "disabled")
            try await trade(shop, tea, 4...6)
            shop.daemon.kill()
            try await shop.daemon.start()
            #expect(try await shop.modules()["crm"]?["enabled"] == false)
            #expect(try await History(of: shop)["interaction_created"].isEmpty)
            try await shop.setEnabled(true, "crm")
            await shop.daemon.stop()
            try await shop.daemon.start()
            #expect(try await shop.modules()["crm"]?["enabled"] == true)
            try await expectAllSaid(shop)
        }
    }

    @Test func `mail off keeps the mails waiting and on delivers each once`() async throws {
        try await withShop { shop in
            let tea = try await shop.stock("Tea", 99)
            try await shop.settle()
            try await shop.setEnabled(false, "mail")
            try await trade(shop, tea, 1...3)
            try await shop.settle()
            #expect(try await History(of: shop)["mail_requested"].count == 9)
            #expect(try await History(of: shop)["mail_sent"].isEmpty)
            #expect(try shop.mailFiles().isEmpty)
            try await shop.setEnabled(true, "mail")
            try await expectAllSaid(shop)
        }
    }

    @Test func `crm tells only those who had ordered before the stock came, however late it is`() async throws {
        try await withShop { shop in
            let first = try await shop.stock("Tea", 99)
            try await shop.settle()
            try await trade(shop, first, 1...2)
            try await shop.settle()
            try await shop.setEnabled(false, "crm")
            _ = try await shop.request("DELETE", "/inventory/\(first.inventory)").taken()
            let again = try await shop.createOne("/inventory", inventory(first.product, 99))
            try await trade(shop, Goods(product: first.product, inventory: again), 3...5)
            try await shop.setEnabled(true, "crm")
            try await shop.settle()
            let said = try await History(of: shop)["mail_requested"].compactMap { mail in
                mail.entity["subject"]?.string.map { "\($0) \(mail.entity["to"]?.string ?? "")" }
            }
            for subject in ["Sold out: Tea", "There again: Tea"] {
                let told = said.filter { $0.hasPrefix(subject) }.map { $0.dropFirst(subject.utf8.count + 1) }
                #expect(told.sorted() == ["c1@example.org", "c2@example.org"], "\(subject)")
            }
        }
    }

    @Test func `a switch at one daemon holds at all of them within a second`() async throws {
        try await withTwoDaemons { first, second in
            for isEnabled in [false, true, false, true] {
                let (here, there) = isEnabled ? (second, first) : (first, second)
                try await here.setEnabled(isEnabled, "product")
                // Five times what is promised, as machines may be slow.
                try await eventually("the other one knows", within: .seconds(5)) {
                    let status = try await there.request("POST", "/products", product("Tea")).status
                    return status == (isEnabled ? 200 : 503)
                }
                #expect(try await there.modules()["product"]?["enabled"] == .bool(isEnabled))
            }
        }
    }

    @Test func `every event is handled once by two daemons, and by one when the other dies`() async throws {
        try await withTwoDaemons { shop, other in
            let tea = try await shop.stock("Tea", 99)
            try await shop.settle()
            try await trade(shop, tea, 1...5)
            try await trade(other, tea, 6...10)
            shop.daemon.kill()
            try await trade(other, tea, 11...15)
            try await other.settle()
            let history = try await History(of: other)
            let causes = history["interaction_created"].compactMap { $0.entity["cause"]?.string }
            #expect(causes.count == 30)
            #expect(Set(causes).count == 30)
            #expect(history["mail_requested"].count == 45)
            #expect(history["mail_sent"].count == 45)
            // A mail that the dying one delivered without a word is delivered again, under the same name.
            #expect(try Set(shop.mailFiles() + other.mailFiles()).count == 45)
        }
    }

    @Test func `a disabled module refuses its commands on the socket, and its queries are answered`() async throws {
        try await withShop { shop in
            let ada = try await shop.createOne("/customers", customer("Ada"))
            try await shop.setEnabled(false, "customer")
            for (method, params) in [
                ("customer.create", customer("Ada")), ("customer.delete", ["id": .string(nobody)]),
            ] {
                let error = await #expect(throws: JSONRPCError.self) { try await shop.call(method, params) }
                #expect(error?.data?["reason"] == "module-disabled")
                #expect(error?.data?["retry_after"]?.number != nil)
            }
            #expect(try await shop.call("customer.get", ["id": .string(ada)])["name"] == "Ada")
            #expect(try await shop.call("customer.list", [:]).array?.count == 1)
            try await shop.setEnabled(false, "crm")
            // Switching twice and asking for a module that is not there.
            try await shop.setEnabled(false, "crm")
            let unknown = await #expect(throws: JSONRPCError.self) { try await shop.setEnabled(false, "crn") }
            #expect(unknown?.data?["reason"] == "not-found")
        }
    }
}
