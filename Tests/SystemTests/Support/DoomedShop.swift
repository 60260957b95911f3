import JSON
import TestKit
import Testing

/// A shop whose daemon is killed over and over while clients come, order, change their minds and pay.
struct DoomedShop: Sendable {
    /// What the daemon is about when SIGKILL comes.
    private enum Moment: CaseIterable {
        case atWork, starting, catchingUp, atWorkAgain
    }

    private static let pieces: Int64 = 1_000_000

    let ledger = Ledger()
    private let shop: Shop
    private let goods: [Goods]

    init(_ shop: Shop) async throws {
        self.shop = shop
        goods = [
            try await shop.stock("Tea", Self.pieces), try await shop.stock("Cup", Self.pieces),
            try await shop.stock("Pot", Self.pieces, price: .decimal("19.99")),
        ]
        try await shop.settle()
    }

    func kill(times: Int) async throws {
        shop.daemon.kill()
        try await underLoad(shop, goods, ledger, clients: 3) {
            for life in 0..<times { try await live(until: Moment.allCases[life % Moment.allCases.count]) }
            try await shop.daemon.start()
        }
    }

    private func live(until moment: Moment) async throws {
        try await shop.daemon.launch()
        switch moment {
        case .starting: try await Task.sleep(for: .milliseconds(.random(in: 0...300)))
        case .atWork, .atWorkAgain:
            try await shop.daemon.waitUntilServing()
            try await Task.sleep(for: .milliseconds(.random(in: 0...300)))
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

    /// Everything that must be true of it in the end.
    func audit() async throws { try await Audit(shop).everything(ledger, goods, pieces: Self.pieces) }
}

/// Four shops at once, one of them on the embedded Redis: each is killed so often, and audited then.
/// - Returns: how many writes were acknowledged.
func killFourShops(times: Int) async throws -> Int {
    try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 0..<4 {
            group.addTask {
                if number == 0 { return try await killShop(.init(), times: times) }
                return try await withRedisServer { redis in
                    try await killShop(.init(redis: redis.url).with(lease: 1), times: times)
                }
            }
        }
        return try await group.reduce(0, +)
    }
}

private func killShop(_ options: DaemonProcess.Options, times: Int) async throws -> Int {
    try await withShop(options, inTurn: false) { shop in
        let doomed = try await DoomedShop(shop)
        try await doomed.kill(times: times)
        try await doomed.audit()
        return doomed.ledger.acknowledged
    }
}
