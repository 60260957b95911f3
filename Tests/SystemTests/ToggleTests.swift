import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `Modules that are toggled under load` {
    /// Switches a module off and on for four seconds, ten times in each.
    private func toggle(_ module: String, at shop: Shop) async throws {
        for number in 0..<40 {
            async let pause: Void = Task.sleep(for: .milliseconds(100))
            try await shop.setEnabled(number % 2 == 1, module)
            try await pause
        }
    }

    @Test func `ten times a second have lost nothing and doubled nothing`() async throws {
        try await withShop { shop in
            let goods = [try await shop.stock("Tea", 10_000), try await shop.stock("Cup", 10_000)]
            let ledger = Ledger()
            try await underLoad(shop, goods, ledger) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for module in ["crm", "billing", "mail", "order", "inventory"] {
                        group.addTask { try await toggle(module, at: shop) }
                    }
                    try await group.waitForAll()
                }
                let before = ledger.acknowledged
                try await eventually("clients are served again") { ledger.acknowledged > before + 20 }
            }
            try await Audit(shop).everything(ledger, goods, pieces: 10_000)
        }
    }

    @Test func `at two daemons that do not agree have lost nothing and doubled nothing`() async throws {
        try await withTwoDaemons(lease: 1) { first, second in
            let goods = [try await first.stock("Tea", 10_000)]
            let ledger = Ledger()
            try await underLoad(first, goods, ledger, clients: 2, name: "first") {
                try await underLoad(second, goods, ledger, clients: 2, name: "second") {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for module in ["crm", "mail", "order"] {
                            for shop in [first, second] { group.addTask { try await toggle(module, at: shop) } }
                        }
                        try await group.waitForAll()
                    }
                    for module in ["crm", "mail", "order"] { try await first.setEnabled(true, module) }
                    let before = ledger.acknowledged
                    try await eventually("clients are served again") { ledger.acknowledged > before + 20 }
                }
            }
            await first.daemon.stop()
            try await Audit(second, after: [first]).everything(ledger, goods, pieces: 10_000)
        }
    }
}
