import EventStore
import Foundation
import Logging
import Redis

/// Rebuilding a cache that is gone, and verifying it.
func measureProjections(_ round: Round, _ report: inout Report) async throws {
    let group = "projection"
    let count = round.count(1_000_000)
    let rates = try await round.redis.withClient { try await ProjectionBench(redis: $0).measure(count) }
    report.add("bare XRANGE of customers' events, 500 a call", rates.reading, in: group)
    report.add("a script of SADD, HSET, 250 entities a call", rates.writing, in: group)
    report.add("rebuild the cache", rates.rebuild, of: rates.reading, "XRANGE", in: group, .atLeast(200_000))
    report.add("verify the cache", rates.verify, of: rates.reading, "XRANGE", in: group)
    report.add("  memory more, at most", .megabytes, rates.megabytes, in: group, .atMost(100))
}

/// Without a daemon around it.
struct ProjectionBench: Sendable {
    let redis: RedisClient
    private static let topic = TopicDefinition("customer")

    struct Rates: Sendable {
        /// All in events a second.
        let reading: Double
        let writing: Double
        let rebuild: Double
        let verify: Double
        /// What this process, which may have measured other things before, took more at most.
        let megabytes: Double
    }

    func measure(_ count: Int) async throws -> Rates {
        try await fill(count)
        let facts = ProcessFacts(pid: getpid())
        facts.resetPeak()
        let before = facts.megabytes
        let store = Store(redis: redis, shop: "", catalogue: Catalogue(topics: [Self.topic]), logger: .bench)
        try await store.open()
        let reading = try await reading(count)
        let writing = try await writing(count)
        let rebuild = try await verify(count, store, isMending: true)
        let verify = try await verify(count, store, isMending: false)
        return Rates(
            reading: reading, writing: writing, rebuild: rebuild, verify: verify,
            megabytes: facts.peakMegabytes - before)
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

    private func reading(_ count: Int) async throws -> Double {
        let time = try await ContinuousClock().measure {
            var position: String? = "-"
            while let start = position {
                let reply = try await redis.send(
                    RedisCommand("XRANGE", Self.topic.birthStream.description, start, "+", "COUNT", "500"))
                position = reply.array?.last?.array?.first?.string.map { "(\($0)" }
            }
        }
        return Double(count) / time.seconds
    }

    /// The least that a cache is written by: it asks for nothing and compares nothing. In a database of its own, as
    /// verifying looks at every key.
    private func writing(_ count: Int) async throws -> Double {
        let script = """
            redis.call('SELECT', '1')
            for i = ARGV[1] + 1, ARGV[1] + 250 do
                local id = string.format('a8740bd3-336a-412c-84d7-%012d', i)
                redis.call('SADD', 'ceiling_ids', id)
                redis.call('HSET', 'ceiling_entity:' .. id, 'id', id, 'name', 'Ada', 'email', 'ada@example.org')
            end
            """
        let time = try await ContinuousClock().measure {
            for start in stride(from: 0, to: count, by: 250) {
                _ = try await redis.send(RedisCommand("EVAL", script, "0", String(start)))
            }
        }
        return Double(count) / time.seconds
    }

    private func verify(_ count: Int, _ store: Store, isMending: Bool) async throws -> Double {
        let start = ContinuousClock.now
        let report = try await store.verify([Self.topic], isMending: isMending)
        guard report.tallies.first?.checked == count, isMending == (report.differences > 0) else {
            throw BenchError("verifying found \(report.differences) differences")
        }
        return Double(count) / (ContinuousClock.now - start).seconds
    }
}
