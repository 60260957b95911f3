import EventStore
import HandlerRuntime
import JSON
import Redis
import ServiceLifecycle
import Synchronization
import TestKit
import Testing

@Suite struct `Two daemons of one shop` {
    private struct Daemon {
        let echo = EchoModule()
        var modules: [any HandlerModule] { [CounterModule(), echo] }
    }

    @Test func `handle each event once, and the second takes over at once when the first stops`() async throws {
        let (first, second) = (Daemon(), Daemon())
        try await Shop.run(first.modules) { one in
            try await Shop.run(second.modules, on: one.server) { two in
                try await create(25, in: one)
                try await create(25, in: two)
                try await eventually("all are heard") { try await two.count(of: .echoes) >= 50 }
                if case .standby = await two.state(of: "echo") {
                } else {
                    Issue.record("the second is not on standby")
                }
                #expect(first.echo.ear.heard.count == 50)

                let began = ContinuousClock.now
                await one.stop()
                try await create(25, in: two)
                try await eventually("the second hears") { try await two.count(of: .echoes) >= 75 }
                #expect(ContinuousClock.now - began < .seconds(10))
                #expect(first.echo.ear.heard.count + second.echo.ear.heard.count == 75)
                #expect(!second.echo.ear.heard.isEmpty)
                try await expectOneEchoEach(in: two)
            }
        }
    }

    @Test func `share the work over many restarts, and lose and double nothing`() async throws {
        let server = try await RedisServer.start()
        try await Shop.run(Daemon().modules, on: server) { steady in
            let created = try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask {
                    try await create(300, in: steady)
                    return 300
                }
                for _ in 0..<3 {
                    try await Shop.run(Daemon().modules, on: server) { try await create(20, in: $0) }
                }
                return try await group.reduce(60, +)
            }
            try await eventually("all are heard") { try await steady.count(of: .echoes) >= created }
            try await expectOneEchoEach(in: steady)
        }
    }

    @Test func `the second takes over within the lease's time when the first vanishes`() async throws {
        let (first, second) = (Daemon(), Daemon())
        let server = try await RedisServer.start()
        let proxy = try await CuttingProxy.start(upstream: server.socketPath)
        try await Shop.run(first.modules, on: server, through: proxy.url, options: Supervisor.Options()) { one in
            try await create(5, in: one)
            try await eventually("the first hears") { try await one.count(of: .echoes) == 5 }
            try await Shop.run(second.modules, on: server, options: Supervisor.Options()) { two in
                try await proxy.close()
                let began = ContinuousClock.now
                try await create(5, in: two)
                try await eventually("the second hears") { try await two.count(of: .echoes) == 10 }
                #expect(ContinuousClock.now - began < Supervisor.Options().leaseTime + .seconds(15))
                #expect(Set(first.echo.ear.heard).count == 5 && Set(second.echo.ear.heard).count == 5)
                try await expectOneEchoEach(in: two)
            }
        }
    }

    @Test func `that both live blame no event that changed hands, but call it a repeat`() async throws {
        let herald = HeraldModule()
        let server = try await RedisServer.start()
        try await Shop.run([CounterModule()], on: server) { shop in
            try await create(3, in: shop)
            let last = try #require(await shop.store.read([.counters], after: [:], count: 3).events.last).id
            // Another began them, was told that the lease is no longer his, and is still about.
            _ = try await shop.store.heartbeat([], owner: "other", time: .seconds(300))
            try await shop.store.count(.init(count: 5, through: last, owner: "other"), of: "herald")
        }
        try await Shop.run([CounterModule(), herald], on: server) { shop in
            try await create(1, in: shop)
            try await eventually("all are told") { herald.told.count == 4 }
            #expect(herald.told == [true, true, true, false])
            #expect(try await shop.supervisor.parked("herald").isEmpty)
        }
    }

    private func create(_ count: Int, in shop: Shop) async throws {
        for _ in 0..<count { try await shop.call("counter.create", ["value": 1]) }
    }

    private func expectOneEchoEach(in shop: Shop) async throws {
        let counters = try await shop.store.read([.counters], after: [:], count: 10_000).events
        let echoes = try await shop.store.read([.echoes], after: [:], count: 10_000).events
        #expect(
            echoes.compactMap { $0.decoded()?["source"] } == counters.compactMap { $0.decoded()?["id"] })
    }
}

@Suite struct `A daemon whose Redis is away` {
    @Test(.timeLimit(.minutes(1)))
    func `stops when it is told to`() async throws {
        let server = try await RedisServer.start()
        try await withClient(of: server.url) { redis in
            server.kill()
            let registry = try Registry([CounterModule()])
            let store = Store(redis: redis, shop: "", catalogue: registry.catalogue, logger: .silent)
            let supervisor = Supervisor(registry: registry, store: store, owner: "me", logger: .silent)
            let services = ServiceGroup(
                configuration: .init(services: [.init(service: supervisor)], logger: .silent))
            async let running: Void = services.run()
            try await eventually("it is noticed") { !redis.isConnected }
            await services.triggerGracefulShutdown()
            try await running
        }
    }
}

/// Tells the world of each counter that is made.
private final class HeraldModule: HandlerModule {
    let name = "herald"
    let summary = "Tells the world"
    private let repeats = Mutex<[Bool]>([])

    /// Of each time that it told, whether it was called a repeat.
    var told: [Bool] { repeats.withLock(\.self) }

    var subscriptions: [Subscription] {
        [
            Subscription(Counter.topic, .created) { _, unit in
                try await unit.outside("words") { effect in self.repeats.withLock { $0.append(effect.isRepeat) } }
            }
        ]
    }
}
