import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(6))) struct `A daemon that is killed` {
    /// What it is about when SIGKILL comes.
    private enum Moment: CaseIterable {
        case atWork, starting, catchingUp, atWorkAgain
    }

    private func live(_ shop: Shop, until moment: Moment) async throws {
        try await shop.daemon.launch()
        switch moment {
        case .starting: try await Task.sleep(for: .milliseconds(.random(in: 0...600)))
        case .atWork, .atWorkAgain:
            try await shop.daemon.waitUntilServing()
            try await Task.sleep(for: .milliseconds(.random(in: 0...700)))
        case .catchingUp:
            // It takes over the modules when the leases of its former life are over.
            try await shop.daemon.waitUntilServing()
            try await eventually("its modules work") {
                ["running", "catching up"].contains(try await shop.modules()["mail"]?["state"])
            }
            try await Task.sleep(for: .milliseconds(.random(in: 0...300)))
        }
        shop.daemon.kill()
    }

    @Test func `25 times under load has lost nothing and done nothing twice`() async throws {
        try await withShop(inTurn: false) { shop in
            let goods = [
                try await shop.stock("Tea", 100_000), try await shop.stock("Cup", 100_000),
                try await shop.stock("Pot", 100_000, price: .decimal("19.99")),
            ]
            try await shop.settle()
            let ledger = Ledger()
            shop.daemon.kill()
            try await underLoad(shop, goods, ledger) {
                for life in 0..<25 {
                    try await live(shop, until: Moment.allCases[life % Moment.allCases.count])
                }
                try await shop.daemon.start()
            }
            #expect(ledger.acknowledged > 100)
            let audit = try await Audit(shop)
            ledger.check(audit.history)
            audit.everyEventIsThereOnce()
            audit.noPieceIsLost(of: goods, pieces: 100_000)
            audit.everyMailIsRequestedOnce()
            try audit.everyMailIsSentOnce()
            try await audit.listsAreTheReplay()
            try await audit.cacheIsACleanRebuild()
        }
    }
}
