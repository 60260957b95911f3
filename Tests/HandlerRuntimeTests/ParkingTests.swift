import EventStore
import HandlerRuntime
import JSON
import Redis
import TestKit
import Testing

@Suite struct `An event that cannot be handled` {
    private let echo = EchoModule()
    private var modules: [any HandlerModule] { [CounterModule(), echo] }

    /// A shop where an event of a counter with the value 7 fails.
    private func withPoison(_ body: (Shop) async throws -> Void) async throws {
        echo.ear.setPoison("7")
        try await Shop.run(modules, body)
    }

    @discardableResult
    private func create(_ value: Int, in shop: Shop) async throws -> JSONValue {
        try await shop.call("counter.create", ["value": .number(JSONNumber(Int64(value)))])
    }

    private func parked(_ count: Int, in shop: Shop) async throws -> [ParkedEvent] {
        try await eventually("\(count) are parked") { try await shop.supervisor.parked("echo").count == count }
        return try await shop.supervisor.parked("echo")
    }

    @Test func `is parked after five tries with its reason, and the others go on`() async throws {
        try await withPoison { shop in
            for value in 1...20 { try await create(value, in: shop) }
            let parked = try await parked(1, in: shop)
            try await eventually("the others are heard") { try await shop.count(of: .echoes) == 19 }
            #expect(parked.map(\.tries) == [5])
            #expect(parked[0].reason?.contains("Deaf") == true)
            #expect(parked[0].stream == .counters)
            #expect(try await shop.status(of: "echo").parked == 1)
            #expect(await shop.state(of: "echo") == .running)
        }
    }

    @Test func `takes along what happens to its entity later, and nothing else`() async throws {
        try await withPoison { shop in
            let id = try await create(7, in: shop)
            let other = try await create(9, in: shop)
            for _ in 0..<2 { try await shop.call("counter.decrement", ["id": id]) }
            try await shop.call("counter.decrement", ["id": other])
            let parked = try await parked(3, in: shop)
            try await eventually("the other is heard") { try await shop.count(of: .echoes) == 2 }
            #expect(Set(parked.map(\.entity)) == [EntityKey(topic: "counter", id: id.string ?? "")])
            #expect(parked.map(\.tries) == [5, 0, 0])
            #expect(parked.map(\.id) == parked.map(\.id).sorted())
        }
    }

    @Test func `is handled in the order of its entity when it is retried, each once`() async throws {
        try await withPoison { shop in
            let id = try await create(7, in: shop)
            for _ in 0..<3 { try await shop.call("counter.decrement", ["id": id]) }
            let parked = try await parked(4, in: shop)
            echo.ear.setPoison(nil)
            let result = try await shop.supervisor.retry("echo", .event(parked[0].id))
            #expect(result.handled + result.left == 4)
            try await eventually("none is left") { try await shop.supervisor.parked("echo").isEmpty }
            try await eventually("nothing of them is left") {
                try await shop.redis.send(RedisCommand("KEYS", "ordershop:parked:*")).array?.isEmpty == true
            }
            #expect(echo.ear.heard == parked.map(\.id))
            #expect(try await shop.count(of: .echoes) == 4)
            try await shop.call("counter.decrement", ["id": id])
            try await eventually("its entity goes on") { try await shop.count(of: .echoes) == 5 }
        }
    }

    @Test func `stays parked when a retry fails, with those behind it, and counts the try`() async throws {
        try await withPoison { shop in
            let id = try await create(7, in: shop)
            try await shop.call("counter.decrement", ["id": id])
            let entity = try await parked(2, in: shop)[0].entity
            let result = try await shop.supervisor.retry("echo", .entity(entity))
            #expect(result.handled == 0)
            #expect(result.left == 2)
            try await eventually("the try is counted") {
                try await shop.supervisor.parked("echo").map(\.tries) == [6, 0]
            }
            #expect(try await shop.count(of: .echoes) == 0)
        }
    }

    @Test func `is not retried before those in front of it`() async throws {
        try await withPoison { shop in
            let id = try await create(7, in: shop)
            try await shop.call("counter.decrement", ["id": id])
            let parked = try await parked(2, in: shop)
            await expectRefusal(.conflict) { _ = try await shop.supervisor.retry("echo", .event(parked[1].id)) }
            await expectRefusal(.notFound) { _ = try await shop.supervisor.retry("echo", .event(.zero)) }
            await expectRefusal(.notFound) { _ = try await shop.supervisor.retry("nobody", .all) }
        }
    }

    @Test func `lets those behind it go when it is discarded`() async throws {
        try await withPoison { shop in
            let id = try await create(7, in: shop)
            for _ in 0..<2 { try await shop.call("counter.decrement", ["id": id]) }
            let parked = try await parked(3, in: shop)
            #expect(try await shop.supervisor.discard("echo", .event(parked[0].id)) == 1)
            try await eventually("those behind it are heard") { try await shop.count(of: .echoes) == 2 }
            #expect(echo.ear.heard == parked.dropFirst().map(\.id))
            #expect(try await shop.supervisor.parked("echo").isEmpty)
            await expectRefusal(.notFound) {
                _ = try await shop.supervisor.discard("echo", .event(parked[0].id))
            }
        }
    }

    @Test func `is discarded with its whole module`() async throws {
        try await withPoison { shop in
            for _ in 0..<3 { try await create(7, in: shop) }
            _ = try await parked(3, in: shop)
            #expect(try await shop.supervisor.discard("echo", .all) == 3)
            #expect(try await shop.supervisor.parked("echo").isEmpty)
            #expect(try await shop.count(of: .echoes) == 0)
        }
    }

    @Test func `is one of a hundred: the other ninety-nine arrive in order, and exactly it is parked`() async throws
    {
        try await withPoison { shop in
            let values: [JSONValue] = (1...1_000).map { ["value": $0 % 100 == 0 ? 7 : 1] }
            for start in stride(from: 0, to: 1_000, by: 250) {
                try await shop.call("counter.create", batch: Array(values[start..<start + 250]))
            }
            let parked = try await parked(10, in: shop)
            try await eventually("all others are heard") { try await shop.count(of: .echoes) == 990 }
            #expect(parked.allSatisfy { $0.tries == 5 })
            #expect(echo.ear.heard == echo.ear.heard.sorted())
            #expect(Set(echo.ear.heard).count == 990)
            #expect(Set(echo.ear.heard).isDisjoint(with: parked.map(\.id)))
        }
    }

    @Test func `and ended the process each time is parked without one more try`() async throws {
        let server = try await RedisServer.start()
        try await Shop.run([CounterModule()], on: server) { shop in
            try await create(1, in: shop)
            let id = try #require(await shop.store.read([.counters], after: [:], count: 1).events.first).id
            // As the lives before have left it.
            try await shop.store.count(.init(count: 5, through: id, owner: "another"), of: "echo")
        }
        try await Shop.run(modules, on: server) { shop in
            try await create(2, in: shop)
            let parked = try await parked(1, in: shop)
            try await eventually("the other is heard") { try await shop.count(of: .echoes) == 1 }
            #expect(parked[0].reason?.contains("process ended") == true)
            #expect(echo.ear.heard.count == 1)
        }
    }

    @Test func `because the world outside is not ready is tried for as long as it takes`() async throws {
        try await Shop.run(modules) { shop in
            echo.ear.setBusy(true)
            try await create(1, in: shop)
            try await eventually("it was tried often") { echo.ear.busyTries > 12 }
            guard case .backingOff(let reason, _) = await shop.state(of: "echo") else {
                Issue.record("it is not backing off")
                return
            }
            #expect(reason == "not now")
            #expect(try await shop.supervisor.parked("echo").isEmpty)
            echo.ear.setBusy(false)
            try await eventually("it is heard") { try await shop.count(of: .echoes) == 1 }
        }
    }

    @Test func `leaves no trace of what its reaction had decided before it failed`() async throws {
        try await Shop.run([CounterModule(), HalfModule()]) { shop in
            for _ in 0..<3 { try await create(1, in: shop) }
            try await eventually("it is parked") { try await shop.supervisor.parked("half").count == 3 }
            #expect(try await shop.count(of: .echoes) == 0)
        }
    }
}

/// Decides something, and fails then.
private struct HalfModule: HandlerModule {
    let name = "half"
    let summary = "Half-hearted"
    let topics = [Echo.definition]

    var subscriptions: [Subscription] {
        [
            Subscription(Counter.topic, .created) { event, unit in
                unit.create(Echo(source: "\(event.id)"))
                throw Ear.Deaf()
            }
        ]
    }
}
