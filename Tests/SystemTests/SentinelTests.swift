import JSON
import TestKit
import Testing

@Suite(.serialized, .timeLimit(.minutes(12))) struct `A shop behind Sentinels` {
    @Test func `whose primary is killed goes on at the replica, and only the last moment may be missing`()
        async throws
    {
        try await withOpenShop { sentinels, open async throws in
            let (first, second) = (sentinels.nodes[0], sentinels.nodes[1])
            try await expectOnlyTheLastMomentMissing(open) {
                try await second.waitUntilCaughtUp(with: first)
                first.server.kill()
                try await eventually("the replica was promoted") { try await second.isPrimary() }
                // Nobody can have been served by the old one since.
            }
            #expect(try await open.node() == "127.0.0.1:\(second.port)")
            // It comes back and takes itself for the primary at first, but nobody writes to it.
            try await first.server.restart()
            try await second.run("CLIENT", "KILL", "TYPE", "normal")
            try await eventually("writes are taken") {
                try await open.shop.request("POST", "/customers", customer("Eve")).status == 200
            }
            #expect(try await open.node() == "127.0.0.1:\(second.port)")
        }
    }

    @Test func `moves at once when a fail-over is asked for, and only the last moment may be missing`() async throws
    {
        try await withOpenShop { sentinels, open async throws in
            let (first, second) = (sentinels.nodes[0], sentinels.nodes[1])
            // It takes no writes from the moment on at which its replica is none any more.
            try await first.run("CONFIG", "SET", "min-replicas-to-write", "1")
            try await expectOnlyTheLastMomentMissing(open) {
                try await sentinels.failOver()
                try await eventually("the replica was promoted") { try await second.isPrimary() }
                let promoted = ContinuousClock.now
                try await eventually("the daemon is with it") {
                    try await open.node() == "127.0.0.1:\(second.port)"
                }
                // The Sentinels leave the old one as it is for about ten.
                #expect(ContinuousClock.now - promoted < .seconds(7))
            }
        }
    }

    private func withOpenShop(
        _ body: @escaping @Sendable (RedisSentinels, ReplicatedShop) async throws -> Void
    ) async throws {
        try await Slots.inTurn {
            try await withRedisSentinels { sentinels async throws in
                try await withShop(.init(redis: sentinels.url), inTurn: false) { shop async throws in
                    try await body(sentinels, ReplicatedShop(shop))
                }
            }
        }
    }

    /// - Parameter change: returns when nobody can be served by the old primary any more.
    private func expectOnlyTheLastMomentMissing(
        _ open: ReplicatedShop, _ change: @escaping @Sendable () async throws -> Void
    ) async throws {
        let ledger = Ledger()
        let doubt = Box(0..<0)
        try await underLoad(open.shop, open.goods, ledger) {
            try await eventually("clients are served") { ledger.acknowledged > 100 }
            let sure = ledger.entries.count
            try await change()
            doubt.value = sure..<ledger.entries.count
            let before = ledger.acknowledged
            try await eventually("clients are served again") { ledger.acknowledged > before + 20 }
        }
        try await open.onlyTheLastMomentIsMissing(ledger.withDoubt(about: doubt.value))
    }
}
