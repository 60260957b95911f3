import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `Events that cannot be handled` {
    /// A customer of whom somebody forgot the address.
    private func poison(_ shop: Shop, _ number: Int) async throws -> String {
        let id = "00000000-0000-4000-8000-0000000000\(number + 10)"
        return try await shop.appendForeign("customer_created", ["id": .string(id), "name": "Mallory"])
    }

    private func json(_ result: CommandResult) throws -> JSONValue {
        guard result.exitCode == 0 else { throw TestKitError("ordershopctl was refused: \(result)") }
        return try JSONValue(parsing: result.output.utf8.dropLast())
    }

    @Test func `are one of a hundred: the other ninety-nine arrive, and exactly they are parked`() async throws {
        try await withShop { shop in
            var poisons: [String] = []
            for number in 0..<10 {
                poisons.append(try await poison(shop, number))
                _ = try await shop.create("/customers", .array((0..<99).map { customer("c\(number)-\($0)") }))
            }
            try await shop.settle()
            try await eventually("all are parked") { try await shop.modules()["crm"]?["parked"] == 10 }
            let parked = try await shop.call("parked.list", ["module": "crm"]).array ?? []
            #expect(parked.map { $0["event"]?.string } == poisons)
            #expect(parked.allSatisfy { $0["tries"] == 5 })

            let history = try await History(of: shop)
            let good = history["customer_created"].map(\.id).filter { !poisons.contains($0) }
            #expect(good.count == 990)
            #expect(history["interaction_created"].compactMap { $0.entity["cause"]?.string } == good)
            #expect(history["mail_requested"].map(\.cause) == good)
            #expect(history["mail_sent"].count == 990)
            let states = try await shop.modules().values.filter { $0["enabled"] == true }.map { $0["state"] }
            #expect(states.allSatisfy { $0 == "running" })
            #expect(try await shop.get("/customers").array?.count == 1_000)
        }
    }

    @Test func `are parked for every module that cannot handle them, and for no other`() async throws {
        try await withShop { shop in
            let id = try await shop.appendForeign("order_created", ["id": .string(nobody), "customer_id": 7])
            let ada = try await shop.createOne("/customers", customer("Ada"))
            try await eventually("it is parked twice") {
                try await shop.modules().compactMap { $1["parked"] == 1 ? $0 : nil }.sorted() == ["billing", "crm"]
            }
            try await shop.settle()
            for module in ["billing", "crm"] {
                let parked = try await shop.call("parked.list", ["module": .string(module)]).array
                #expect(parked?.map { $0["event"]?.string } == [id])
            }
            #expect(try await shop.call("crm.interactions", ["customer_id": .string(ada)]).array?.count == 1)
        }
    }

    @Test func `stay parked alone when all is replayed after a restart`() async throws {
        try await withShop { shop in
            _ = try await shop.createOne("/customers", customer("Ada"))
            let id = try await poison(shop, 0)
            try await eventually("it is parked") { try await shop.modules()["crm"]?["parked"] == 1 }
            await shop.daemon.stop()
            try await shop.daemon.start()
            try await shop.settle()
            let replay = try await shop.ctl(
                "module", "replay", "crm", "--from", "beginning", "--effects", "all", "-y")
            #expect(replay.exitCode == 0, "\(replay)")
            try await shop.settle()
            let parked = try await shop.call("parked.list", ["module": "crm"]).array ?? []
            #expect(parked.map { $0["event"]?.string } == [id])
            #expect(try await History(of: shop)["interaction_created"].count == 2)
        }
    }

    @Test func `are listed, shown, retried in vain and discarded at the command line`() async throws {
        try await withShop(.init().with(tries: 2)) { shop in
            var poisons: [String] = []
            for number in 0..<3 { poisons.append(try await poison(shop, number)) }
            try await eventually("all are parked") { try await shop.modules()["crm"]?["parked"] == 3 }

            let list = try json(await shop.ctl("parked", "list", "crm", "--json"))
            #expect(list.array?.map { $0["event"]?.string } == poisons)
            let shown = try json(await shop.ctl("parked", "show", "crm", poisons[1], "--json"))
            #expect(shown["tries"] == 2)
            #expect(shown["reason"]?.string?.contains("email") == true, "\(shown.text)")
            #expect(shown["content"]?.string?.contains("Mallory") == true)
            #expect(shown["tried_at"]?.string != nil && shown["parked_at"]?.string != nil)

            let retry = try json(await shop.ctl("parked", "retry", "crm", "--event", poisons[1], "--json"))
            #expect(retry == ["handled": 0, "still_parked": 3])
            let tries = try json(await shop.ctl("parked", "list", "crm", "--json")).array?.map { $0["tries"] }
            #expect(tries == [2, 3, 2])

            let gone = try json(await shop.ctl("parked", "discard", "crm", "--event", poisons[1], "--json", "-y"))
            #expect(gone == ["discarded": 1])
            let again = try await shop.ctl("parked", "show", "crm", poisons[1])
            #expect(again.exitCode == 1 && again.errors.contains(poisons[1]))
            #expect(
                try json(await shop.ctl("parked", "discard", "crm", "--all", "--json", "-y")) == ["discarded": 2])
            #expect(try await shop.ctl("parked", "list", "crm").output == "Nothing is parked for crm.\n")
            #expect(try await shop.ctl("parked", "retry", "crm").exitCode == 2)
            #expect(try await shop.redis.keys("ordershop:parked:*") == [])
            #expect(try await History(of: shop)["mail_requested"].isEmpty)
        }
    }
}
