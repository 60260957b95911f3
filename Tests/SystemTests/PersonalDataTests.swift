import JSON
import JSONRPC
import TestKit
import Testing

@Suite(.timeLimit(.minutes(4))) struct `All that is held on a customer` {
    @Test func `is one document: the customer with his past, his orders, what followed from them, what was said`()
        async throws
    {
        try await withShop { shop in
            let tea = try await shop.stock("tea", 9)
            func person(_ name: String) async throws -> String {
                try #require(
                    await shop.call(
                        "customer.create", ["name": .string(name), "email": .string("\(name)@example.org")]
                    ).string)
            }
            let (ada, bob) = (try await person("ada"), try await person("bob"))
            func place(_ customer: String) async throws -> String {
                try #require(
                    await shop.request("POST", "/orders", order([tea.product], by: customer)).taken().array?.first?
                        .string)
            }
            let (kept, gone, other) = (try await place(ada), try await place(ada), try await place(bob))
            let billing = try #require(
                await shop.request("POST", "/billings", billing(kept)).taken().array?.first?.string)
            _ = try await shop.request("DELETE", "/order/\(gone)").taken()
            _ = try await shop.request("PUT", "/customer/\(ada)", customer("Adele")).taken()
            try await shop.settle()

            let document = try await shop.get("/customer/\(ada)/export")
            #expect(document["customer"]?["name"] == "Adele")
            #expect(document["history"]?.array?.compactMap { $0["action"]?.string } == ["updated", "created"])
            let orders = document["order"]?.array ?? []
            #expect(Set(orders.compactMap { $0["id"]?.string }) == [kept, gone])
            #expect(orders.first { $0["id"]?.string == gone }?["deleted"] == true)
            #expect(orders.first { $0["id"]?.string == kept }?["deleted"] == nil)
            #expect(document["billing"]?.array?.compactMap { $0["id"]?.string } == [billing])
            let mails = document["mail"]?.array ?? []
            let said = document["interaction"]?.array ?? []
            #expect(mails.count >= 5 && mails.allSatisfy { $0["to"]?.string?.hasPrefix("ada@") == true })
            let ids = Set(mails.compactMap { $0["id"]?.string })
            #expect(!said.isEmpty && said.allSatisfy { ids.contains($0["mail_id"]?.string ?? "") })
            #expect(!document.text.contains("bob@example.org") && !document.text.contains(other))
            #expect(try await shop.call("customer.export", ["id": .string(ada)]) == document)
            try expectProblem(await shop.request("GET", "/customer/\(nobody)/export"), 404)
        }
    }
}
