import JSON
import JSONRPC
import Redis
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `All that is held on a customer` {
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
            // What is said later goes to the new address.
            try await shop.settle()
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

@Suite(.timeLimit(.minutes(12))) struct `What is known of a person` {
    private static let name = "Ada-Verborgen"
    private static let address = "ada.verborgen@example.org"

    private var encrypting: DaemonProcess.Options {
        var options = DaemonProcess.Options()
        options.environment["ORDERSHOP_PRIVACY_ENCRYPT"] = "true"
        return options
    }

    /// Every text that Redis holds, keys and values.
    private func everything(_ shop: Shop) async throws -> String {
        var all: [String] = []
        for key in try await shop.redis.keys("*") {
            let reply =
                switch try await shop.redis.run("TYPE", key).string {
                case "stream": try await shop.redis.run("XRANGE", key, "-", "+")
                case "hash": try await shop.redis.run("HGETALL", key)
                case "list": try await shop.redis.run("LRANGE", key, "0", "-1")
                case "set": try await shop.redis.run("SMEMBERS", key)
                case "zset": try await shop.redis.run("ZRANGE", key, "0", "-1")
                default: try await shop.redis.run("GET", key)
                }
            all += [key] + Self.texts(reply)
        }
        return all.joined(separator: "\n")
    }

    private static func texts(_ reply: RedisValue) -> [String] {
        reply.array.map { $0.flatMap(texts) } ?? [reply.string].compactMap(\.self)
    }

    private func ada(_ shop: Shop) async throws -> String {
        try #require(
            await shop.call("customer.create", ["name": .string(Self.name), "email": .string(Self.address)]).string)
    }

    @Test func `is encrypted in Redis and read in plain, where that is asked for`() async throws {
        try await withShop(encrypting) { shop in
            let id = try await ada(shop)
            _ = try await shop.request(
                "PUT", "/customer/\(id)", ["name": "Ida-Neu", "email": .string(Self.address)]
            )
            .taken()
            try await shop.settle()
            let all = try await everything(shop)
            for text in [Self.name, "Ida-Neu", Self.address] { #expect(!all.contains(text)) }
            #expect(all.contains("enc:v1:"))
            let now: JSONValue = ["id": .string(id), "name": "Ida-Neu", "email": .string(Self.address)]
            #expect(try await shop.get("/customer/\(id)") == now)
            #expect(try await shop.get("/customers") == [now])
            #expect(try await shop.get("/customers?email=\(Self.address.uppercased())") == [now])
            let history = try await shop.get("/customer/\(id)/history")["events"]?.array ?? []
            #expect(history.compactMap { $0["entity"]?["name"]?.string } == ["Ida-Neu", Self.name])
            let listed = try await shop.call("event.list", ["topic": "customer"]).array ?? []
            #expect(listed.compactMap { $0["entity"]?["name"]?.string } == [Self.name, "Ida-Neu"])
            let mails = try await shop.call("mail.list").array ?? []
            #expect(mails.map { $0["to"]?.string } == [Self.address])
            #expect(mails.first?["body"]?.string?.contains(Self.name) == true)
            #expect(try await shop.call("projection.verify")["differences"] == 0)
        }
    }

    @Test func `comes back from archives where the keys are there, and not once it is erased`() async throws {
        let archive = try TemporaryDirectory()
        var options = encrypting
        options.configuration = "archive:\n    directory: \(archive.path)\n"
        let settings = options
        let everything: JSONValue = ["before": "2100-01-01T00:00:00Z"]
        try await withShop(settings) { shop in
            let ada = try await ada(shop)
            let bob = try await shop.createOne("/customers", customer("Bob"))
            try await shop.settle()
            _ = try await shop.call("retention.apply", everything)
            let file = try #require(await shop.call("archive.list").array?.first?["file"]?.string)
            let shown = try await shop.ctl("archive", "show", file).output
            #expect(!shown.contains(Self.address) && shown.contains("enc:v1:"))
            let keys = try await shop.redis.strings("HGETALL", "ordershop:keys")
            let before = try await shop.get("/customers")
            try await withShop(settings, inTurn: false) { copy in
                // The keys come from a backup of their own: they stand in no archive.
                for index in stride(from: 0, to: keys.count, by: 2) {
                    _ = try await copy.redis.run("HSET", "ordershop:keys", keys[index], keys[index + 1])
                }
                let restored = try await copy.ctl("archive", "restore", file, "--yes")
                #expect(restored.exitCode == 0, "\(restored.errors)")
                try await copy.settle()
                #expect(try await copy.get("/customers") == before)
                let found = try await copy.get("/customers?email=\(Self.address)").array
                #expect(found?.compactMap { $0["id"]?.string } == [ada])
                #expect(try await copy.call("mail.list").text.contains(Self.address))
                _ = try await copy.call("customer.erase", ["id": .string(ada)])
                let all =
                    try await copy.get("/report").text + (try await copy.call("mail.list").text)
                    + (try await copy.get("/customer/\(ada)/export").text)
                #expect(!all.contains(Self.address) && !all.contains(Self.name))
                #expect(try await copy.get("/customers?email=\(Self.address)") == [])
                #expect(try await copy.get("/customer/\(bob)")["name"] == "Bob")
                #expect(try await copy.call("projection.verify")["differences"] == 0)
            }
            // Without any key nothing of it can be read.
            try await withShop(settings, inTurn: false) { copy in
                #expect(try await copy.ctl("archive", "restore", file, "--yes").exitCode == 0)
                try await copy.settle()
                #expect(try await copy.get("/customer/\(ada)")["name"] == "(erased)")
                #expect(try await copy.get("/customer/\(bob)")["email"] == "erased@invalid")
                #expect(try await copy.get("/customers?email=\(Self.address)") == [])
            }
        }
        withExtendedLifetime(archive) {}
    }

    @Test func `is unreadable everywhere once it is erased, and the orders stay`() async throws {
        try await withShop(encrypting) { shop in
            let tea = try await shop.stock("tea", 5)
            let id = try await ada(shop)
            let bob = try #require(
                await shop.request("POST", "/customers", customer("bob")).taken().array?.first?.string)
            let placed = try #require(
                await shop.request("POST", "/orders", order([tea.product], by: id)).taken().array?.first?.string)
            try await shop.settle()
            let before = try await shop.get("/order/\(placed)")
            #expect(try shop.mailTexts().contains { $0.contains(Self.address) })
            let stale = try await shop.request("POST", "/customer/\(id)/erase", headers: [("If-Match", "\"1-1\"")])
            try expectProblem(stale, 412)
            #expect(
                try await shop.request("POST", "/customer/\(id)/erase").taken() == [
                    "erased": true, "plain_events": 0,
                ])
            try await shop.settle()
            let letters = try shop.mailTexts()
            #expect(letters.contains { $0.contains("bob@") })
            #expect(!letters.contains { $0.contains(Self.address) })
            let gone: JSONValue = ["id": .string(id), "name": "(erased)", "email": "erased@invalid"]
            #expect(try await shop.get("/customer/\(id)") == gone)
            #expect(try await shop.get("/customers?email=\(Self.address)") == [])
            #expect(try await shop.redis.keys("ordershop:index:customer.email*").count == 1)
            let history = try await shop.get("/customer/\(id)/history")["events"]?.array ?? []
            #expect(history.compactMap { $0["action"]?.string } == ["erased", "created"])
            #expect(history.allSatisfy { $0["entity"] == gone })
            let document = try await shop.get("/customer/\(id)/export").text
            let mails = try await shop.call("mail.list").text
            let events = try await shop.call("event.list", ["limit": 1000]).text
            let all = try await everything(shop)
            for text in [document, mails, events, all] {
                #expect(!text.contains(Self.name) && !text.contains(Self.address))
            }
            #expect(try await shop.get("/order/\(placed)") == before)
            #expect(try await shop.get("/customer/\(bob)")["name"] == "bob")
            // Nothing is written of him any more, by nobody.
            try expectProblem(
                await shop.request(
                    "PUT", "/customer/\(id)", ["name": .string(Self.name), "email": "a@example.org"]), 409)
            let mail: JSONValue = [
                "to": .string(Self.address), "subject": .string(Self.name), "body": "x", "customer_id": .string(id),
            ]
            #expect(try await shop.reason("mail.send", mail) == "invalid")
            // Nobody writes to him any more, and nothing waits.
            let count = try await shop.call("mail.list").array?.count
            _ = try await shop.request("POST", "/billings", billing(placed)).taken()
            _ = try await shop.request("DELETE", "/customer/\(id)").taken()
            try await shop.settle()
            #expect(try await shop.call("mail.list").array?.count == count)
            #expect(try await shop.call("projection.verify")["differences"] == 0)
            // Again, and of one who was deleted.
            #expect(
                try await shop.call("customer.erase", ["id": .string(id)]) == ["erased": true, "plain_events": 0])
            #expect(try await shop.reason("customer.erase", ["id": .string(nobody)]) == "not-found")
        }
    }

    @Test func `cannot be erased where it is not encrypted, and what was written before says so`() async throws {
        try await withShopOnRedis { shop, redis in
            let id = try await ada(shop)
            try await shop.settle()
            try expectProblem(await shop.request("POST", "/customer/\(id)/erase"), 409)
            #expect(try await shop.get("/customer/\(id)")["name"]?.string == Self.name)
            await shop.daemon.stop()
            var options = encrypting
            options.redis = redis.url
            try await withShop(options, inTurn: false) { shop in
                _ = try await shop.request(
                    "PUT", "/customer/\(id)", ["name": "Ida-Neu", "email": "ida@example.org"]
                ).taken()
                let answer = try await shop.call("customer.erase", ["id": .string(id)])
                #expect(answer == ["erased": true, "plain_events": 1])
                let history = try await shop.get("/customer/\(id)/history")["events"]?.array ?? []
                #expect(
                    history.compactMap { $0["entity"]?["name"]?.string } == ["(erased)", "(erased)", Self.name])
                #expect(try await shop.call("projection.verify")["differences"] == 0)
            }
        }
    }
}
