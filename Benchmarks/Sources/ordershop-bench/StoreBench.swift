import EventStore
import HandlerRuntime
import JSON
import Logging
import NIOCore
import Redis
import ServiceLifecycle
import Synchronization

/// The event store and the delivery, without a daemon around them.
struct StoreBench: Sendable {
    let redis: RedisClient
    static let topic = TopicDefinition("customer")

    private var logger: Logger {
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        return logger
    }

    /// Appends from many tasks, each waiting for its answer before its next event.
    func append(_ count: Int, tasks: Int) async throws -> Rate {
        let catalogue = Catalogue(topics: [Self.topic])
        let store = Store(redis: redis, shop: "", catalogue: catalogue, logger: logger)
        try await store.open()
        let time = try await ContinuousClock().measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<tasks {
                    group.addTask { for _ in 0..<count / tasks { try await append(to: store) } }
                }
                try await group.waitForAll()
            }
        }
        return Rate(count: count, in: time)
    }

    private func append(to store: Store) async throws {
        let id = UUIDText.random()
        let entity = Array(#"{"id":"\#(id)","name":"Ada","email":"ada@example.org"}"#.utf8)
        let event = NewEvent(Self.topic.birthStream, entityID: id, entity: entity, before: nil)
        let expectation = Expectation.revision(Self.topic.topic, id: id, nil)
        _ = try await store.transact(Transaction(expectations: [expectation], events: [event]))
    }

    /// Reads the same events by plain XRANGE, 500 a call.
    func rawReading() async throws -> Rate {
        var count = 0
        let time = try await ContinuousClock().measure {
            var position = "-"
            while true {
                let reply = try await redis.send(
                    RedisCommand("XRANGE", Self.topic.birthStream.description, position, "+", "COUNT", "500"))
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
        let module = IdleModule()
        let registry = try Registry([module])
        let store = Store(redis: redis, shop: "", catalogue: registry.catalogue, logger: logger)
        let supervisor = Supervisor(registry: registry, store: store, owner: "bench", logger: logger)
        let start = ContinuousClock.now
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await supervisor.run() }
            while module.handled < count { try await Task.sleep(for: .milliseconds(5)) }
            let rate = Rate(count: count, in: .now - start)
            group.cancelAll()
            return rate
        }
    }
}

private final class IdleModule: HandlerModule {
    let name = "idle"
    let summary = "Does nothing"
    private let count = Atomic(0)

    var handled: Int { count.load(ordering: .relaxed) }

    var subscriptions: [Subscription] {
        [
            Subscription("customer", .created) { _, _ in
                self.count.add(1, ordering: .relaxed)
            }
        ]
    }
}
