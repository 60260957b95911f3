import JSON
import TestKit

/// Runs `body` with a shop on a Redis of the test's own.
func withShopOnRedis<T: Sendable>(
    _ options: [String] = [], _ body: @escaping @Sendable (Shop, RedisServer) async throws -> T
) async throws -> T {
    try await Slots.inTurn {
        let redis = try await RedisServer.start(options: options)
        defer { redis.kill() }
        return try await withShop(.init(redis: redis.url), inTurn: false) { try await body($0, redis) }
    }
}

extension Shop {
    /// What the daemon says of its Redis.
    func redisStatus() async throws -> JSONValue { try await call("daemon.status")["redis"] ?? .null }
}

extension Ledger {
    /// Waits until more writes were acknowledged than by now.
    func growsAgain(by count: Int = 20) async throws {
        let before = acknowledged
        try await eventually("clients are served", within: .seconds(20)) { acknowledged > before + count }
    }
}
