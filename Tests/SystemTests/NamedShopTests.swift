import JSON
import Redis
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `Several shops on one Redis` {
    @Test func `a named shop has its name before every key`() async throws {
        try await withTwoDaemons(shops: ("berlin", "paris")) { berlin, paris in
            for shop in [berlin, paris] {
                let tea = try await shop.stock("Tea", 9)
                let ada = try await shop.createOne("/customers", customer("Ada"))
                let id = try await shop.createOne("/orders", order([tea.product], by: ada))
                _ = try await shop.createOne("/billings", billing(id))
                try await shop.settle()
                try await shop.setEnabled(false, "crm")
            }
            let keys = try await berlin.redis.keys("*")
            #expect(keys.filter { !$0.hasPrefix("{berlin}:") && !$0.hasPrefix("{paris}:") } == [])
            for name in ["berlin", "paris"] {
                for key in ["events:{customer}_created", "customer_ids", "checkpoint:mail", "ordershop:modules"] {
                    #expect(keys.contains("{\(name)}:\(key)"))
                }
            }
        }
    }

    @Test func `a named shop's values name its own keys`() async throws {
        try await withTwoDaemons(shops: ("berlin", nil)) { shop, _ in
            let tea = try await shop.stock("Tea", 9)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let id = try await shop.createOne("/orders", order([tea.product, tea.product], by: ada))
            try await shop.settle()
            let list = try await shop.redis.run("HGET", "{berlin}:order_entity:\(id)", "product_ids").string
            #expect(list == "{berlin}:order_product_ids:\(id)")
            let length = try await shop.redis.run("LLEN", "{berlin}:order_product_ids:\(id)").int
            #expect(length == 2)
            let streams = try await shop.redis.strings("HKEYS", "{berlin}:checkpoint:crm")
            #expect(streams.allSatisfy { $0.hasPrefix("{berlin}:events:{") })
        }
    }

    @Test func `shops do not see each other`() async throws {
        try await withTwoDaemons(shops: ("berlin", nil)) { berlin, plain in
            let ada = try await berlin.createOne("/customers", customer("Ada"))
            let bob = try await plain.createOne("/customers", customer("Bob"))
            #expect(try await berlin.get("/customers").array?.compactMap { $0["id"]?.string } == [ada])
            #expect(try await plain.get("/customers").array?.compactMap { $0["id"]?.string } == [bob])
            #expect(try await plain.get("/customer/\(ada)") == .null)
            try await plain.setEnabled(false, "customer")
            #expect(try await plain.request("POST", "/customers", customer("Eve")).status == 503)
            _ = try await berlin.createOne("/customers", customer("Cleo"))
            try await berlin.settle()
            #expect(try berlin.mailFiles().count == 2)
            let names = try await plain.redis.keys("*").filter { !$0.hasPrefix("{berlin}:") }
            #expect(names.contains("customer_ids") && names.contains("events:{customer}_created"))
        }
    }
}
