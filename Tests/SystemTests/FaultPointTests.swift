import Foundation
import JSON
import Redis
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `A daemon that dies between a reaction and its commit` {
    @Test(arguments: ["crm", "billing", "mail"])
    func `has done nothing, and the next life does it once`(_ module: String) async throws {
        try await withShop(.init().with(lease: 1)) { shop in
            let goods = [try await shop.stock("Tea", 1_000), try await shop.stock("Cup", 1_000)]
            try await shop.settle()
            await shop.daemon.stop()
            let ledger = Ledger()
            for commit in 1...4 {
                let life = try shop.doomed(to: "commit \(module) \(commit)")
                try await life.daemon.launch()
                try await underLoad(life, goods, ledger, name: "life\(commit)-") {
                    let code = try await life.daemon.exitCode()
                    // It was killed.
                    #expect(code == nil)
                }
            }
            try await shop.daemon.start()
            try await Audit(shop).everything(ledger, goods, pieces: 1_000)
        }
    }

    @Test func `has neither an effect without its checkpoint nor a checkpoint without its effect`() async throws {
        try await withRedisServer { redis in
            try await withShop(.init(redis: redis.url).with(lease: 1)) { shop in
                await shop.daemon.stop()
                for commit in 1...3 {
                    let life = try shop.doomed(to: "commit crm \(commit)")
                    try await life.daemon.start()
                    for number in 0..<10 {
                        _ = try? await life.create("/customers", customer("life\(commit)-\(number)"))
                    }
                    #expect(try await life.daemon.exitCode() == nil)
                    let history = try await History(of: shop)
                    let handled = try await shop.redis.run("HGET", "checkpoint:crm", "events:{customer}_created")
                    let place = HistoryEvent.Place(handled.string ?? "0-0")
                    let due = history["customer_created"].filter { $0.place <= place }
                    #expect(due.count < history["customer_created"].count)
                    #expect(history["mail_requested"].map(\.cause) == due.map(\.id))
                }
            }
        }
    }
}

@Suite(.timeLimit(.minutes(12))) struct `A mail that was written before the daemon died` {
    /// A life of the daemon that ends before its mail module commits for the nth time.
    private func die(before commit: Int, _ shop: Shop) async throws {
        let life = try shop.doomed(to: "commit mail \(commit)")
        try await life.daemon.launch()
        #expect(try await life.daemon.exitCode() == nil)
    }

    /// The first life writes three mails, the second handles one and dies with the next; so the third knows of the
    /// last mail only if the second has not forgotten what the first had begun.
    @Test func `is known for a repeat after two deaths, so that one who has read it does not get it again`()
        async throws
    {
        try await withShop { shop in
            try await shop.setEnabled(false, "mail")
            _ = try await shop.create("/customers", .array((0..<3).map { customer("c\($0)") }))
            try await eventually("they are asked for") { try await History(of: shop)["mail_requested"].count == 3 }
            _ = try await shop.redis.run("HDEL", "ordershop:modules", "mail")
            await shop.daemon.stop()

            try await die(before: 1, shop)
            let mails = try shop.mailFiles()
            #expect(mails.count == 3)
            for mail in mails {
                let (new, seen) = ("\(shop.daemon.mailDirectory)/new/\(mail)", "/cur/\(mail):2,S")
                try FileManager.default.moveItem(atPath: new, toPath: shop.daemon.mailDirectory + seen)
            }
            try await die(before: 2, shop)
            try await shop.daemon.start()
            try await shop.settle()
            #expect(try await History(of: shop)["mail_sent"].count == 3)
            #expect(try shop.mailFiles() == [])
        }
    }
}

@Suite(.timeLimit(.minutes(12))) struct `An event that ends the process` {
    /// Starts the daemon again whenever it dies.
    /// - Returns: how often it did before it had parked something.
    private func deaths(of shop: Shop) async throws -> Int {
        for deaths in 0..<20 {
            var isAlive = true
            try await eventually("it dies or parks the event") {
                isAlive = shop.daemon.isRunning
                if !isAlive { return true }
                return try await shop.modules()["crm"]?["parked"] == 1
            }
            if isAlive { return deaths }
            try await shop.daemon.launch()
        }
        return 20
    }

    @Test func `is parked after three deaths, all others are handled, and a retry makes up for it in order`()
        async throws
    {
        try await withShop(.init().with(tries: 3)) { shop in
            try await shop.setEnabled(false, "crm")
            let people = try await shop.create("/customers", .array((0..<10).map { customer("c\($0)") }))
            await shop.daemon.stop()

            let life = try shop.doomed(to: "react crm \(people[4])")
            try await life.daemon.start()
            // It dies of the answer.
            try? await life.setEnabled(true, "crm")
            let deaths = try await deaths(of: life)
            #expect(deaths == 3)
            try await life.settle()
            let welcomes = try await History(of: life)["interaction_created"]
            #expect(welcomes.map { $0.entity["customer_id"]?.string } == people.filter { $0 != people[4] })
            _ = try await life.request("DELETE", "/customer/\(people[4])").taken()
            try await eventually("the goodbye waits behind the welcome") {
                try await life.modules()["crm"]?["parked"] == 2
            }
            await life.daemon.stop()

            try await shop.daemon.start()
            let list = try await shop.ctl("parked", "list", "crm")
            #expect(list.output.contains("process ended") && list.output.contains("waits behind"), "\(list)")
            let retry = try await shop.ctl("parked", "retry", "crm", "--entity", "customer:\(people[4])")
            #expect(retry.exitCode == 0, "\(retry)")
            try await shop.settle()
            let said = try await History(of: shop)["interaction_created"].suffix(2)
            #expect(said.map { $0.entity["kind"] } == ["welcome", "goodbye"])
            #expect(said.allSatisfy { $0.entity["customer_id"]?.string == people[4] })
            let audit = try await Audit(shop)
            try audit.everyMailIsSentOnce()
            try await audit.nothingIsParked()
            #expect(audit.history["mail_requested"].count == 11)
        }
    }
}

@Suite(.timeLimit(.minutes(12))) struct `A daemon that dies between a commit and its answer` {
    /// A command, and the event that it appends.
    private static let commands = [
        ("order.create", "order_created"), ("billing.create", "billing_created"),
        ("order.cancel", "order_cancelled"),
        ("inventory.increment", "inventory_updated"),
    ]

    @Test(arguments: commands)
    func `has done it, and a repeat under its name gets the first answer and does nothing again`(
        _ method: String, _ event: String
    ) async throws {
        try await withShop { shop in
            let tea = try await shop.stock("Tea", 10)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let placed = try await shop.createOne("/orders", order([tea.product], by: ada))
            try await shop.settle()
            let before = try await History(of: shop)[event].count
            await shop.daemon.stop()
            let params: [String: JSONValue] = [
                "order.create": ["product_ids": .list([tea.product]), "customer_id": .string(ada)],
                "billing.create": ["order_id": .string(placed)], "order.cancel": ["id": .string(placed)],
                "inventory.increment": ["id": .string(tea.inventory), "amount": 5],
            ]
            var call = params[method]?.object ?? JSONObject()
            call["idempotency_key"] = "only-once"
            let life = try shop.doomed(to: "answer \(method) 1")
            try await life.daemon.start()
            await #expect(throws: (any Error).self) { _ = try await life.call(method, .object(call)) }
            #expect(try await life.daemon.exitCode() == nil)

            try await shop.daemon.start()
            try await shop.settle()
            let history = try await History(of: shop)[event]
            #expect(history.count == before + 1)
            let amount = try await shop.amount(tea)
            let answer = try await shop.call(method, .object(call))
            if method.hasSuffix("create") {
                #expect(answer.string == history.last?.entityID)
            } else {
                #expect(answer == true)
            }
            #expect(try await shop.call(method, .object(call)) == answer)
            #expect(try await History(of: shop)[event].count == before + 1)
            #expect(try await shop.amount(tea) == amount)
        }
    }
}
