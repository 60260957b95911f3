import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `Two daemons, a hundred clients and SIGKILL` {
    @Test func `leave a shop whose every invariant holds`() async throws {
        let taken = try await withTwoDaemons(lease: 1) { one, other in
            let goods = try await stocked(one)
            let ledger = Ledger()
            let taken = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<100 {
                    group.addTask { await MixedClient("m\(number)", [one, other], goods, ledger).run() }
                }
                for life in 0..<6 {
                    try await Task.sleep(for: .milliseconds(.random(in: 500...1_500)))
                    let shop = [one, other][life % 2]
                    shop.daemon.kill()
                    try await shop.daemon.start()
                }
                group.cancelAll()
                return try await group.reduce(0, +)
            }
            await other.daemon.stop()
            try await expectInvariants(one, after: [other], ledger)
            return taken
        }
        #expect(taken > 500)
    }

    private func stocked(_ shop: Shop) async throws -> [Goods] {
        var goods: [Goods] = []
        for (name, pieces) in [("Tea", 5_000), ("Cup", 40), ("Pot", 3), ("Jug", 100_000)] as [(String, Int64)] {
            goods.append(try await shop.stock(name, pieces, price: .decimal("19.99")))
        }
        return goods
    }

    private func expectInvariants(_ shop: Shop, after others: [Shop], _ ledger: Ledger) async throws {
        let audit = try await Audit(shop, after: others)
        ledger.check(audit.history)
        audit.everyEventIsThereOnce()
        try await audit.nothingIsParked()
        try await audit.cacheIsACleanRebuild()
        let broken = Invariants(audit.history.events.map { ShopEvent($0) }).broken()
        #expect(broken.isEmpty, "\(broken.prefix(5).joined(separator: "\n"))")
        let report = try await shop.call("projection.verify")
        #expect(report["differences"] == 0, "\(report.text.prefix(1_000))")
    }
}

extension ShopEvent {
    fileprivate init(_ event: HistoryEvent) {
        let parts = event.stream.split(separator: "}_", maxSplits: 1)
        let rest = event.fields.filter { $0.name != "entity" && $0.name != "event_id" }
        self.init(
            topic: String(parts[0].dropFirst("events:{".count)), action: String(parts.count == 2 ? parts[1] : ""),
            entity: event.entity, metadata: Dictionary(rest.map { ($0.name, $0.value) }) { $1 })
    }
}
