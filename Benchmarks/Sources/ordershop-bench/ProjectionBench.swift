import EventStore
import Foundation
import Logging
import Redis

/// Rebuilding a cache that is gone, and verifying it, without a daemon around it.
struct ProjectionBench: Sendable {
    let redis: RedisClient
    private static let topic = TopicDefinition("customer")

    struct Rates: Sendable {
        let reading: Rate
        let rebuild: Rate
        let verify: Rate
        /// Of this process, the most that it ever had.
        let megabytes: Double
    }

    func measure(_ count: Int) async throws -> Rates {
        try await fill(count)
        let store = Store(redis: redis, shop: "", catalogue: Catalogue(topics: [Self.topic]), logger: .bench)
        try await store.open()
        let reading = try await reading(count)
        let rebuild = try await verify(count, store, isMending: true)
        let verify = try await verify(count, store, isMending: false)
        return Rates(reading: reading, rebuild: rebuild, verify: verify, megabytes: Self.peakMemory)
    }

    /// Customers with their revisions, and a shop's clock behind them; no cache.
    private func fill(_ count: Int) async throws {
        let script = """
            for i = ARGV[1] + 1, ARGV[1] + 1000 do
                local id = string.format('a8740bd3-336a-412c-84d7-%012d', i)
                local event = string.format('15%08d-1', i)
                redis.call('XADD', KEYS[1], event, 'event_id', string.format('08bd68f3-f217-4e8d-9741-%012d', i),
                    'entity', '{"id":"' .. id .. '","name":"Ada","email":"ada@example.org"}')
                redis.call('HSET', 'ordershop:revisions:customer', id, event .. ' created')
            end
            redis.call('SET', 'ordershop:clock', string.format('15%08d-1', ARGV[1] + 1000))
            """
        for start in stride(from: 0, to: count, by: 1_000) {
            _ = try await redis.send(
                RedisCommand("EVAL", script, "1", Self.topic.birthStream.description, String(start)))
        }
    }

    private func reading(_ count: Int) async throws -> Rate {
        let time = try await ContinuousClock().measure {
            var position: String? = "-"
            while let start = position {
                let reply = try await redis.send(
                    RedisCommand("XRANGE", Self.topic.birthStream.description, start, "+", "COUNT", "500"))
                position = reply.array?.last?.array?.first?.string.map { "(\($0)" }
            }
        }
        return Rate(count: count, in: time)
    }

    private func verify(_ count: Int, _ store: Store, isMending: Bool) async throws -> Rate {
        let start = ContinuousClock.now
        let report = try await store.verify([Self.topic], isMending: isMending)
        guard report.tallies.first?.checked == count, isMending == (report.differences > 0) else {
            throw BenchError("verifying found \(report.differences) differences")
        }
        return Rate(count: count, in: .now - start)
    }

    private static var peakMemory: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_maxrss) / 1_024
    }
}
