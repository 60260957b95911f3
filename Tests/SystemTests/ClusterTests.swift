import JSON
import TestKit
import Testing

@Suite(.serialized, .timeLimit(.minutes(12))) struct `Shops on a Redis Cluster` {
    /// Their slots are on the first and the third node.
    static let names = (berlin: "berlin", paris: "paris")
    static let key = "{berlin}:ordershop:clock"

    @Test func `a shop without a name is refused at the start, and is told to take one`() async throws {
        try await withRedisCluster { cluster async throws in
            for url in [cluster.url, cluster.nodes[1].url] {
                let daemon = try DaemonProcess(.init(redis: url))
                try await daemon.launch()
                let code = try await daemon.exitCode(within: .seconds(30))
                #expect(code == 1)
                #expect(daemon.log.contains("is a Redis Cluster"))
                #expect(daemon.log.contains("give the shop a name, by --shop NAME"))
            }
        }
    }

    @Test func `a slot that moves to another node under load loses and doubles nothing`() async throws {
        try await withTwoShops { cluster, berlin, paris async throws in
            let source = try await cluster.owner(of: Self.key)
            let target = try await cluster.otherPrimary(than: source)
            let slot = try await cluster.slot(of: Self.key)
            let moved = Box(0)
            let (clients, others) = try await bothUnderLoad(berlin, paris) { ledger async throws in
                moved.value = try await cluster.move(slot: slot, from: source, to: target)
                let before = ledger.acknowledged
                try await eventually("clients are served there") { ledger.acknowledged > before + 20 }
            }
            #expect(moved.value > 50)
            #expect(try await cluster.keys(of: slot, at: source) == [])
            #expect(try await berlin.node() == "127.0.0.1:\(target.port)")
            try await berlin.everythingIsRight(clients)
            others.hasNeverBeenRefused()
            try await paris.everythingIsRight(others)
        }
    }

    @Test func `a primary that hands over to its replica under load loses and doubles nothing`() async throws {
        try await withTwoShops { cluster, berlin, paris async throws in
            let primary = try await cluster.owner(of: Self.key)
            let (clients, others) = try await bothUnderLoad(berlin, paris) { ledger async throws in
                try await cluster.failOver(from: primary, of: Self.key)
                let before = ledger.acknowledged
                try await eventually("clients are served there") { ledger.acknowledged > before + 20 }
            }
            try await berlin.everythingIsRight(clients)
            others.hasNeverBeenRefused()
            try await paris.everythingIsRight(others)
        }
    }

    @Test
    func `a primary that is killed costs its shop the last moment, doubles nothing, and the other shop nothing`()
        async throws
    {
        try await withTwoShops { cluster, berlin, paris async throws in
            let primary = try await cluster.owner(of: Self.key)
            let times = Box((sure: 0, over: 0))
            let (clients, others) = try await bothUnderLoad(berlin, paris) { ledger async throws in
                let sure = ledger.entries.count
                try await cluster.replica(of: primary).waitUntilCaughtUp(with: primary)
                primary.server.kill()
                try await cluster.waitForOwner(of: Self.key, otherThan: primary)
                times.value = (sure, ledger.entries.count)
                let before = ledger.acknowledged
                try await eventually("clients are served again") { ledger.acknowledged > before + 20 }
            }
            try await berlin.onlyTheLastMomentIsMissing(
                clients.withDoubt(about: times.value.sure..<times.value.over))
            others.hasNeverBeenRefused()
            try await paris.everythingIsRight(others)
        }
    }

    // MARK: What the tests share

    private func withTwoShops(
        _ body: @escaping @Sendable (RedisCluster, ReplicatedShop, ReplicatedShop) async throws -> Void
    ) async throws {
        try await Slots.inTurn {
            // Otherwise the slots of a dead primary close the whole cluster.
            try await withRedisCluster(options: ["--cluster-require-full-coverage", "no"]) { cluster async throws in
                let berlin = DaemonProcess.Options(redis: cluster.url, shop: Self.names.berlin)
                // A node that does not have the shop's slot, by the URL of a single server.
                let paris = DaemonProcess.Options(redis: cluster.nodes[1].url, shop: Self.names.paris)
                try await withShop(berlin, inTurn: false) { berlin async throws in
                    try await withShop(paris, inTurn: false) { paris async throws in
                        try await body(cluster, ReplicatedShop(berlin), ReplicatedShop(paris))
                    }
                }
            }
        }
    }

    /// Runs `body` while clients write in both shops; returns what they know.
    private func bothUnderLoad(
        _ berlin: ReplicatedShop, _ paris: ReplicatedShop, _ body: @escaping @Sendable (Ledger) async throws -> Void
    ) async throws -> (Ledger, Ledger) {
        let (clients, others) = (Ledger(), Ledger())
        try await underLoad(berlin.shop, berlin.goods, clients) {
            try await underLoad(paris.shop, paris.goods, others) {
                try await eventually("both are served") {
                    clients.acknowledged > 100 && others.acknowledged > 50
                }
                try await body(clients)
            }
        }
        return (clients, others)
    }
}
