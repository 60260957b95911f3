import JSON
import Synchronization
import TestKit
import Testing

/// A shop with something to sell, on a Redis that has a replica.
struct ReplicatedShop: Sendable {
    static let pieces: Int64 = 100_000

    let shop: Shop
    let goods: [Goods]

    init(_ shop: Shop) async throws {
        self.shop = shop
        goods = [try await shop.stock("Tea", Self.pieces), try await shop.stock("Cup", Self.pieces)]
        try await shop.settle()
    }

    /// The server that the daemon talks to.
    func node() async throws -> String? { try await shop.call("daemon.status")["redis"]?["address"]?.string }

    func everythingIsRight(_ ledger: Ledger) async throws {
        let audit = try await Audit(shop)
        ledger.check(audit.history)
        audit.everyEventIsThereOnce()
        audit.noPieceIsLost(of: goods, pieces: Self.pieces)
        audit.everyMailIsRequestedOnce()
        try audit.everyMailIsSentOnce()
        try await audit.listsAreTheReplay()
        try await audit.cacheIsACleanRebuild()
    }

    /// What a primary had not yet passed on to its replica is lost with it: that is how Redis replicates. A mail of
    /// that moment may lie in the Maildir although no event speaks of it any more.
    func onlyTheLastMomentIsMissing(_ ledger: Ledger) async throws {
        #expect(shop.daemon.isRunning)
        let audit = try await Audit(shop)
        ledger.check(audit.history)
        audit.everyEventIsThereOnce()
        audit.noPieceIsLost(of: goods, pieces: Self.pieces)
        audit.everyMailIsRequestedOnce()
        let (sent, requested) = (audit.history["mail_sent"], audit.history["mail_requested"])
        #expect(sent.map(\.entityID).sorted() == requested.map(\.entityID).sorted())
        try await audit.listsAreTheReplay()
        try await audit.cacheIsACleanRebuild()
    }
}

extension Ledger {
    /// Only those that were under way when the load ended may not know.
    func hasNeverBeenRefused(clients: Int = 4) {
        #expect(entries.count { $0.outcome == .refused } == 0)
        #expect(entries.count { $0.outcome == .unknown } <= clients)
    }

    /// The same, but of what was acknowledged in that time nobody is sure. What clients were told about things that
    /// are lost is not held against anybody.
    /// - Parameter time: numbers of entries.
    func withDoubt(about time: Range<Int>) -> Ledger {
        let doubtful = Ledger()
        for (number, entry) in entries.enumerated() {
            let isLost = time.contains(number) && entry.outcome != .refused
            doubtful.note(
                Entry(
                    stream: entry.stream, property: entry.property, value: entry.value,
                    outcome: isLost ? .unknown : entry.outcome))
        }
        return doubtful
    }
}

/// Something that a closure tells the one who passed it on.
final class Box<Value: Sendable>: Sendable {
    private let content: Mutex<Value>

    init(_ value: Value) { content = Mutex(value) }

    var value: Value {
        get { content.withLock(\.self) }
        set { content.withLock { $0 = newValue } }
    }
}
