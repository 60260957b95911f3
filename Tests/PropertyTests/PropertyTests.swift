import Foundation
import JSON
import Redis
import TestKit
import Testing

/// Any sequence of commands by any number of clients keeps the shop's invariants.
///
/// `PROPERTY_SEED` repeats a failure, `PROPERTY_RUNS` tries more sequences.
@Suite(.timeLimit(.minutes(10))) struct `Whatever clients do` {
    private static func setting(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    @Test func `the shop's invariants hold`() async throws {
        let seed = Self.setting("PROPERTY_SEED") ?? .random(in: 1...1_000_000_000)
        let runs = Self.setting("PROPERTY_RUNS") ?? 12
        let redis = try await RedisServer.start()
        try await withClient(of: redis.url) { client in
            for run in 0..<runs {
                var dice = Dice(seed: seed &+ run)
                let (clients, count) = (dice.roll(1...4), dice.roll(20...120))
                let deeds = Deed.sequence(&dice, count: count)
                guard let reason = try await failure(of: deeds, clients, "p\(run)", on: client) else { continue }
                try await report(deeds, clients, reason, seed: seed &+ run, on: client)
                return
            }
        }
    }

    /// What is broken when these deeds are done; nil: nothing.
    private func failure(
        of deeds: [Deed], _ clients: Int, _ name: String, on redis: RedisClient
    ) async throws -> String? {
        try await PropertyShop.run(name, on: redis) { shop in
            do { try await World(shop).live(deeds, clients: clients) } catch let broken as Broken {
                return broken.description
            }
            let broken = Invariants(try await shop.history()).broken()
            return broken.isEmpty ? nil : broken.prefix(5).joined(separator: "\n")
        }
    }

    private func report(
        _ deeds: [Deed], _ clients: Int, _ reason: String, seed: UInt64, on redis: RedisClient
    ) async throws {
        var tries = 0
        // One client where one is enough: that is easier to follow.
        let isAlone = try await failure(of: deeds, 1, "s\(tries)", on: redis) != nil
        let clients = isAlone ? 1 : clients
        let shortest = try await shrunk(deeds) { part in
            tries += 1
            return try await failure(of: part, clients, "s\(tries)", on: redis) != nil
        }
        let last = try await failure(of: shortest, clients, "last", on: redis) ?? reason
        let story = shortest.enumerated().map { "\($0 + 1). \($1)" }.joined(separator: "\n")
        Issue.record(
            "PROPERTY_SEED=\(seed) PROPERTY_RUNS=1 shows it again, with \(clients) client(s):\n\(story)\n⇒ \(last)")
    }
}

@Suite struct `A sequence that fails` {
    @Test func `is shrunk to what it takes`() async {
        let shortest = await shrunk(Array(1...100)) { $0.contains(17) && $0.contains(83) }
        #expect(shortest == [17, 83])
        #expect(await shrunk([1, 2, 3]) { _ in true } == [])
    }

    @Test func `is the same for the same seed`() {
        var (one, other) = (Dice(seed: 7), Dice(seed: 7))
        let first = Deed.sequence(&one, count: 50).map(\.description)
        #expect(first == Deed.sequence(&other, count: 50).map(\.description))
    }
}
