import EventStore
import Foundation
import HandlerRuntime
import Logging
import Redis
import ServiceLifecycle
import Synchronization

/// Delivering many events that wait, without a daemon around it.
struct DeliveryBench: Sendable {
    let redis: RedisClient
    private static let stream = StreamKey("customer", .created)

    /// Puts events into the stream, of the size of a customer's, with a shop's clock behind them.
    func fill(_ count: Int) async throws {
        let script = """
            for i = 1, ARGV[2] do
                redis.call('XADD', KEYS[1], '1500000000-' .. (ARGV[1] + i), 'event_id',
                    string.format('08bd68f3-f217-4e8d-9741-%012d', ARGV[1] + i), 'entity',
                    string.format('{"id":"a8740bd3-336a-412c-84d7-%012d","name":"Ada","email":"ada@example.org"}', i))
            end
            redis.call('SET', 'ordershop:clock', '1500000000-' .. (ARGV[1] + ARGV[2]))
            """
        for start in stride(from: 0, to: count, by: 1_000) {
            _ = try await redis.send(
                RedisCommand("EVAL", script, "1", Self.stream.description, String(start), "1000"))
        }
    }

    /// Reads the events by plain XRANGE, 500 a call.
    func rawReading() async throws -> Rate {
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
        return Rate(count: count, in: time)
    }

    /// Delivers them to a handler that does nothing, checkpoints included.
    func deliver(_ count: Int) async throws -> Rate {
        let module = IdleModule("idle")
        return try await run([module]) { _, _ in
            let start = ContinuousClock.now
            try await module.wait(for: count)
            return Rate(count: count, in: .now - start)
        }
    }

    struct CatchUp: Sendable {
        let rate: Rate
        let seconds: Double
        let megabytes: Double
        /// Another module's, before and meanwhile.
        let quiet: Rate
        let busy: Rate
    }

    /// A module that was away gets what waits for it, while another one goes on as always.
    func catchUp(_ count: Int) async throws -> CatchUp {
        let (module, pulse) = (IdleModule("late"), PulseModule())
        return try await run([module, pulse]) { supervisor, store in
            await supervisor.waitUntilReady()
            try await supervisor.disable(module.name)
            _ = try await redis.send(RedisCommand("DEL", "checkpoint:\(module.name)"))
            let quiet = try await pulse.beat(in: store, until: .now + .seconds(3)) { false }
            let before = module.handled
            resetPeakMemory()
            let start = ContinuousClock.now
            async let busy = pulse.beat(in: store, until: .now + .seconds(60)) { module.handled - before >= count }
            try await supervisor.setEnabled(true, module: module.name)
            try await module.wait(for: before + count)
            let time = ContinuousClock.now - start
            return CatchUp(
                rate: Rate(count: count, in: time), seconds: time.seconds, megabytes: peakMemory(), quiet: quiet,
                busy: try await busy)
        }
    }

    private func run<Value: Sendable>(
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

    // MARK: Memory

    private func resetPeakMemory() {
        try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
    }

    /// The most that was resident since, in MB.
    private func peakMemory() -> Double {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Double($0) }.map { $0 / 1_024 } ?? .infinity
    }
}

/// Does nothing but count.
final class IdleModule: HandlerModule {
    let name: String
    let summary = "Does nothing"
    private let count = Atomic(0)

    init(_ name: String) { self.name = name }

    var handled: Int { count.load(ordering: .relaxed) }

    var subscriptions: [Subscription] {
        [Subscription("customer", .created) { _, _ in self.count.add(1, ordering: .relaxed) }]
    }

    func wait(for count: Int) async throws {
        while handled < count { try await Task.sleep(for: .milliseconds(5)) }
    }
}
