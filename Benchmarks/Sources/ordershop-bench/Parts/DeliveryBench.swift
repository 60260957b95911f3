import EventStore
import Foundation
import HandlerRuntime
import JSON
import Logging
import NIOCore
import Redis
import ServiceLifecycle
import Synchronization

/// Delivering events, without a daemon around it.
func measureDelivery(_ round: Round, _ report: inout Report) async throws {
    let group = "deliver"
    let count = round.count(1_000_000)
    let found = try await round.redis.withClient { client in
        let bench = DeliveryBench(redis: client)
        try await bench.fill(count)
        return (
            reading: try await bench.rawReading(), idle: try await bench.deliver(count),
            behind: try await bench.catchUp(count), owned: try await bench.adopt(count),
            paced: try await bench.paced(round.count(50_000), perSecond: 10_000)
        )
    }
    report.add("bare XRANGE, 500 entries a call", found.reading, in: group)
    report.add(
        "deliver to a handler that does nothing, with checkpoint", found.idle, of: found.reading, "XRANGE",
        in: group, .ratio(atLeast: 0.33), .atLeast(1_000_000))
    report.add(
        "deliver, decode the entity, write the cache, commit", found.owned, of: found.reading, "XRANGE", in: group,
        .atLeast(150_000))
    report.add("catch up while another module works", found.behind.perSecond, in: group)
    report.add("  memory more, at most", .megabytes, found.behind.megabytes, in: group, .atMost(100))
    report.add(
        "  the other module's p99, from append to handler", .milliseconds, found.behind.busy,
        of: found.behind.quiet, "when quiet", in: group, .ratio(atMost: 2))
    report.add("from append to handler at 10,000/s: p50", .microseconds, found.paced.p50, in: group, .atMost(200))
    report.add("  p99", .microseconds, found.paced.p99, in: group, .atMost(1_000))
}

struct DeliveryBench: Sendable {
    let redis: RedisClient
    private static let stream = StreamKey("customer", .created)

    /// Puts events into the stream, of the size of a customer's, with a shop's clock behind them.
    func fill(_ count: Int) async throws {
        let script = """
            for i = 1, ARGV[2] do
                redis.call('XADD', KEYS[1], '1500000000-' .. (ARGV[1] + i), 'event_id',
                    string.format('08bd68f3-f217-4e8d-9741-%012d', ARGV[1] + i), 'entity',
                    string.format('{"id":"a8740bd3-336a-412c-84d7-%012d","name":"Ada","email":"ada@example.org"}',
                        ARGV[1] + i))
            end
            redis.call('SET', 'ordershop:clock', '1500000000-' .. (ARGV[1] + ARGV[2]))
            """
        for start in stride(from: 0, to: count, by: 1_000) {
            _ = try await redis.send(
                RedisCommand("EVAL", script, "1", Self.stream.description, String(start), "1000"))
        }
    }

    /// Reads the events by plain XRANGE, 500 a call.
    func rawReading() async throws -> Double {
        var count = 0
        let time = try await ContinuousClock().measure {
            var position = "-"
            while true {
                let reply = try await redis.send(
                    RedisCommand("XRANGE", Self.stream.description, position, "+", "COUNT", "500"))
                let entries = reply.array ?? []
                count += entries.count
                guard entries.count == 500, let last = entries.last?.array?.first?.string else { break }
                position = "(\(last)"
            }
        }
        return Double(count) / time.seconds
    }

    /// Delivers them to a handler that does nothing, checkpoints included.
    func deliver(_ count: Int) async throws -> Double { try await deliver(count, to: CountingModule("idle")) }

    /// Delivers them to their owner, who did not write them: it decodes each and takes it into the entity cache.
    func adopt(_ count: Int) async throws -> Double { try await deliver(count, to: OwningModule()) }

    private func deliver(_ count: Int, to module: some CountingHandler) async throws -> Double {
        try await withSupervisor([module]) { _, _ in
            let time = try await ContinuousClock().measure { try await module.wait(for: count) }
            return Double(count) / time.seconds
        }
    }

    struct CatchUp: Sendable {
        let perSecond: Double
        let megabytes: Double
        /// Another module's p99, before and meanwhile, in milliseconds.
        let quiet: Double
        let busy: Double
    }

    /// A module that was away gets what waits for it, while another one goes on as always.
    func catchUp(_ count: Int) async throws -> CatchUp {
        let (module, pulse) = (CountingModule("late"), PulseModule())
        return try await withSupervisor([module, pulse]) { supervisor, store in
            await supervisor.waitUntilReady()
            try await supervisor.disable(module.name)
            _ = try await redis.send(RedisCommand("DEL", "checkpoint:\(module.name)"))
            let quiet = try await pulse.beat(in: store, count: 500, perSecond: 200)
            let before = module.handled
            let facts = ProcessFacts(pid: getpid())
            facts.resetPeak()
            let memory = facts.megabytes
            let start = ContinuousClock.now
            async let busy = pulse.beat(in: store, count: 500, perSecond: 200)
            try await supervisor.setEnabled(true, module: module.name)
            try await module.wait(for: before + count)
            let time = ContinuousClock.now - start
            return CatchUp(
                perSecond: Double(count) / time.seconds, megabytes: facts.peakMegabytes - memory,
                quiet: quiet.p99 / 1_000, busy: try await busy.p99 / 1_000)
        }
    }

    func paced(_ count: Int, perSecond: Double) async throws -> PulseModule.Latencies {
        let pulse = PulseModule()
        return try await withSupervisor([pulse]) { supervisor, store in
            await supervisor.waitUntilReady()
            _ = try await pulse.beat(in: store, count: count / 10, perSecond: perSecond)
            return try await pulse.beat(in: store, count: count, perSecond: perSecond)
        }
    }

    private func withSupervisor<Value: Sendable>(
        _ modules: [any HandlerModule], _ body: @escaping @Sendable (Supervisor, Store) async throws -> Value
    ) async throws -> Value {
        let registry = try Registry(modules)
        let store = Store(redis: redis, shop: "", catalogue: registry.catalogue, logger: .bench)
        try await store.open()
        let supervisor = Supervisor(registry: registry, store: store, owner: "bench", isAlone: true, logger: .bench)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await supervisor.run() }
            defer { group.cancelAll() }
            return try await body(supervisor, store)
        }
    }
}

/// A module that counts what it handles.
protocol CountingHandler: HandlerModule {
    var handled: Int { get }
}

extension CountingHandler {
    func wait(for count: Int) async throws {
        while handled < count { try await Task.sleep(for: .milliseconds(2)) }
    }
}

/// Does nothing but count.
final class CountingModule: CountingHandler {
    let name: String
    let summary = "Does nothing"
    private let count = Atomic(0)

    init(_ name: String) { self.name = name }

    var handled: Int { count.load(ordering: .relaxed) }

    var subscriptions: [Subscription] {
        [Subscription("customer", .created) { _, _ in self.count.add(1, ordering: .relaxed) }]
    }
}

/// Owns the customers, and looks into each.
final class OwningModule: CountingHandler {
    let name = "owner"
    let summary = "Owns the customers"
    let topics = [TopicDefinition("customer")]
    private let count = Atomic(0)

    var handled: Int { count.load(ordering: .relaxed) }

    var subscriptions: [Subscription] {
        [
            Subscription("customer", .created) { event, _ in
                guard try JSONValue(parsing: event.entity.readableBytesView).object?["name"] != nil else {
                    throw BenchError("a customer without a name")
                }
                self.count.add(1, ordering: .relaxed)
            }
        ]
    }
}
