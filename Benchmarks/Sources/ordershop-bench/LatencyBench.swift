import EventStore
import HandlerRuntime
import JSON
import Logging
import Redis
import ServiceLifecycle
import Synchronization

/// How long it takes from an append to whoever waits for it, one at a time.
struct LatencyBench: Sendable {
    let redis: RedisClient
    /// Between two events, so that nothing of the one before is under way.
    static let pause = Duration.milliseconds(25)

    /// By two bare connections: one appends, the other is blocked in XREAD.
    func bare(_ count: Int) async throws -> Rate {
        try await redis.withDedicatedConnection { reader in
            var latencies: [Duration] = []
            for _ in 0..<count {
                async let heard = reader.send(
                    RedisCommand("XREAD", "BLOCK", "5000", "STREAMS", "bare", "$"), timeout: .seconds(10))
                try await Task.sleep(for: Self.pause)
                let start = ContinuousClock.now
                _ = try await redis.send(RedisCommand("XADD", "bare", "*", "entity", #"{"id":"a","name":"Ada"}"#))
                _ = try await heard
                latencies.append(.now - start)
            }
            return Rate(count: count, in: latencies.reduce(.zero, +), latencies: latencies)
        }
    }

    /// From a store's append to the module's handler, through the doorbell.
    func delivered(_ count: Int) async throws -> Rate {
        let pulse = PulseModule()
        let registry = try Registry([pulse])
        let store = Store(redis: redis, shop: "latency", catalogue: registry.catalogue, logger: .bench)
        try await store.open()
        let supervisor = Supervisor(registry: registry, store: store, owner: "bench", isAlone: true, logger: .bench)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await supervisor.run() }
            defer { group.cancelAll() }
            await supervisor.waitUntilReady()
            return try await pulse.beat(in: store, until: .now + (Self.pause + .milliseconds(5)) * count) { false }
        }
    }
}

/// Notes how long its events were on their way.
final class PulseModule: HandlerModule {
    let name = "pulse"
    let summary = "Notes how long its events were on their way"
    private let latencies = Mutex<[Duration]>([])
    private let sent = Mutex<ContinuousClock.Instant>(.now)
    private static let topic = TopicDefinition("pulse", actions: [.created])

    var topics: [TopicDefinition] { [Self.topic] }

    var subscriptions: [Subscription] {
        [
            Subscription(Self.topic.topic, .created) { _, _ in
                let latency = .now - self.sent.withLock(\.self)
                self.latencies.withLock { $0.append(latency) }
            }
        ]
    }

    /// Appends one event after the other, each when the one before was handled and a little later.
    func beat(
        in store: Store, until end: ContinuousClock.Instant, _ isDone: @Sendable () -> Bool
    ) async throws -> Rate {
        latencies.withLock { $0 = [] }
        var count = 0
        while ContinuousClock.now < end, !isDone() {
            let id = UUIDText.random()
            sent.withLock { $0 = .now }
            let event = NewEvent(
                Self.topic.birthStream, entityID: id, entity: Array(#"{"id":"\#(id)","name":"Ada"}"#.utf8),
                before: nil)
            _ = try await store.transact(Transaction(events: [event]))
            count += 1
            while latencies.withLock(\.count) < count, ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(1))
            }
            try await Task.sleep(for: LatencyBench.pause)
        }
        let found = latencies.withLock(\.self)
        return Rate(count: found.count, in: found.reduce(.zero, +), latencies: found)
    }
}
