import JSON
import Redis
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `Another daemon of the shop` {
    /// Waits until the welcome of so many customers is delivered.
    private func expectMails(_ count: Int, at shop: Shop, within limit: Duration) async throws {
        try await eventually("\(count) mails are sent", within: limit) {
            try await shop.redis.run("XLEN", "events:{mail}_sent").int == Int64(count)
        }
    }

    @Test func `takes over at once when one stops cleanly, however long the lease is`() async throws {
        try await withTwoDaemons(lease: 300) { first, second in
            _ = try await first.createOne("/customers", customer("Ada"))
            try await expectMails(1, at: first, within: .seconds(60))
            #expect(try await second.modules()["mail"]?["state"] == "standby")
            await first.daemon.stop()
            _ = try await second.createOne("/customers", customer("Bob"))
            try await expectMails(2, at: second, within: .seconds(30))
            try await second.settle()
        }
    }

    @Test func `takes over when the lease ends of one that was killed, and not before`() async throws {
        try await withTwoDaemons(lease: 3) { first, second in
            _ = try await first.createOne("/customers", customer("Ada"))
            try await expectMails(1, at: first, within: .seconds(60))
            let owner = try await second.modules()["mail"]?["owner"]
            first.daemon.kill()
            let lease = try await second.redis.run("PTTL", "ordershop:lease:mail").int ?? 0
            #expect(lease > 0 && lease <= 3_000)
            _ = try await second.createOne("/customers", customer("Bob"))
            try await expectMails(2, at: second, within: .seconds(20))
            let new = try await second.redis.run("GET", "ordershop:lease:mail").string?.split(separator: " ").first
            #expect(new != nil && new.map(String.init) != owner?.string)
            try await second.settle()
        }
    }
}
