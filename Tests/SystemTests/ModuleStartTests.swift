import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `A module that does not start` {
    @Test func `is failed and takes nobody down, and works when it starts at last`() async throws {
        try await withShop { shop in
            let goods = [try await shop.stock("Tea", 1_000)]
            try await shop.settle()
            try await shop.setEnabled(false, "mail")
            // A file is where its Maildir should be.
            let maildir = shop.daemon.mailDirectory
            _ = try await runCommand(["rm", "-r", maildir])
            _ = try await runCommand(["touch", maildir])

            let ledger = Ledger()
            try await underLoad(shop, goods, ledger) {
                let enable = try await shop.ctl("module", "enable", "mail")
                #expect(enable.exitCode == 1 && enable.errors.contains(maildir), "\(enable)")
                try await eventually("it is failed") { try await shop.modules()["mail"]?["state"] == "failed" }
                let before = ledger.acknowledged
                try await eventually("clients are served") { ledger.acknowledged > before + 20 }
            }
            let modules = try await shop.modules()
            #expect(modules["mail"]?["error"]?.string?.contains(maildir) == true)
            #expect(modules.values.count { $0["state"] == "failed" } == 1)
            #expect(try await shop.ctl("status").output.contains("failed"))
            #expect(try await History(of: shop)["mail_sent"].isEmpty)

            _ = try await runCommand(["rm", maildir])
            try await eventually("it starts by itself") { try await shop.modules()["mail"]?["state"] == "running" }
            try await Audit(shop).everything(ledger, goods, pieces: 1_000)
        }
    }
}
