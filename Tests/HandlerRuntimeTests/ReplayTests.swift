import EventStore
import HandlerRuntime
import JSON
import TestKit
import Testing

@Suite struct `A module that is sent back` {
    private func withEchoes(_ count: Int, _ body: (Shop, EchoModule) async throws -> Void) async throws {
        let echo = EchoModule()
        try await Shop.run([CounterModule(), echo]) { shop in
            for _ in 0..<count { try await shop.call("counter.create", ["value": 1]) }
            try await eventually("all are heard") { try await shop.count(of: .echoes) == count }
            try await body(shop, echo)
        }
    }

    private func isDone(_ shop: Shop) async throws {
        try await eventually("the replay is done") {
            guard try await shop.store.standing(of: "echo").replay == nil else { return false }
            return await shop.state(of: "echo") == .running
        }
    }

    @Test func `to the beginning handles all again, with its effects`() async throws {
        try await withEchoes(20) { shop, echo in
            _ = try await shop.supervisor.replay("echo", from: Moment(.zero), withEffects: true)
            try await eventually("all are heard again") { try await shop.count(of: .echoes) == 40 }
            try await isDone(shop)
            #expect(Array(echo.ear.heard.prefix(20)) == Array(echo.ear.heard.suffix(20)))
        }
    }

    @Test func `without effects runs no reaction for what it had handled, but for what is new`() async throws {
        try await withEchoes(20) { shop, echo in
            let replay = try await shop.supervisor.replay("echo", from: Moment(.zero), withEffects: false)
            #expect(replay.until == echo.ear.heard.last)
            try await shop.call("counter.create", ["value": 1])
            try await eventually("the new one is heard") { try await shop.count(of: .echoes) == 21 }
            try await isDone(shop)
            #expect(Set(echo.ear.heard).count == 21)
            #expect(try await shop.count(of: .echoes) == 21)
            #expect(try await shop.store.checkpoint(of: "echo")[.counters] == echo.ear.heard.last)
        }
    }

    @Test func `to an event goes on behind it`() async throws {
        try await withEchoes(10) { shop, echo in
            let middle = echo.ear.heard[5]
            _ = try await shop.supervisor.replay("echo", from: Moment(middle), withEffects: true)
            try await eventually("four are heard again") { try await shop.count(of: .echoes) == 14 }
            try await isDone(shop)
            #expect(echo.ear.heard.suffix(4) == echo.ear.heard.prefix(10).suffix(4))
        }
    }

    @Test func `forward skips nothing`() async throws {
        try await withEchoes(3) { shop, echo in
            try await shop.supervisor.setEnabled(false, module: "echo")
            for _ in 0..<3 { try await shop.call("counter.create", ["value": 1]) }
            let future = EventID(seconds: 9_000_000_000, microseconds: 0)
            _ = try await shop.supervisor.replay("echo", from: Moment(future), withEffects: true)
            try await shop.supervisor.setEnabled(true, module: "echo")
            try await eventually("all are heard") { try await shop.count(of: .echoes) == 6 }
            #expect(Set(echo.ear.heard).count == 6)
        }
    }

    @Test func `while events come loses and doubles none of the new ones`() async throws {
        try await withEchoes(200) { shop, echo in
            async let creating: Void = {
                for _ in 0..<200 { try await shop.call("counter.create", ["value": 1]) }
            }()
            for _ in 0..<5 { _ = try await shop.supervisor.replay("echo", from: Moment(.zero), withEffects: false) }
            try await creating
            try await eventually("all are answered") { try await shop.count(of: .echoes) >= 400 }
            try await isDone(shop)
            #expect(Set(echo.ear.heard).count == 400)
            // A reaction that was running while its module was sent back may have run again; its effects have not.
            #expect(try await shop.count(of: .echoes) == 400)
        }
    }
}

@Suite struct `A preview` {
    private let echo = EchoModule()

    private func withBacklog(_ count: Int, _ body: (Shop) async throws -> Void) async throws {
        try await Shop.run([CounterModule(), echo]) { shop in
            try await shop.supervisor.disable("echo")
            for _ in 0..<count { try await shop.call("counter.create", ["value": 1]) }
            try await body(shop)
        }
    }

    @Test func `says what waits, since when and what it would do, and does nothing`() async throws {
        try await withBacklog(30) { shop in
            let preview = try await shop.supervisor.preview("echo")
            #expect(preview.waiting.map(\.count) == [30])
            #expect(preview.waiting.map(\.stream) == [.counters])
            #expect(preview.effects.map { "\($0.count) \($0.what)" } == ["30 echo created"])
            #expect(preview.tried == 30)
            #expect(preview.failing == 0)
            let first = try await shop.store.read([.counters], after: [:], count: 1).events.first
            #expect(preview.oldest == first?.id)
            #expect(try await shop.count(of: .echoes) == 0)
            #expect(try await shop.store.checkpoint(of: "echo")[.counters] == nil)
        }
    }

    @Test func `says what would fail, and why`() async throws {
        try await withBacklog(3) { shop in
            echo.ear.setPoison("7")
            try await shop.call("counter.create", ["value": 7])
            let preview = try await shop.supervisor.preview("echo")
            #expect(preview.failing == 1)
            #expect(preview.reason?.contains("Deaf") == true)
            #expect(preview.effects.map(\.count) == [3])
        }
    }

    @Test func `does nothing outside Redis, but counts it`() async throws {
        let postman = PostmanModule()
        try await Shop.run([CounterModule(), postman]) { shop in
            try await shop.supervisor.disable("postman")
            for _ in 0..<5 { try await shop.call("counter.create", ["value": 1]) }
            let preview = try await shop.supervisor.preview("postman")
            #expect(preview.effects.map { "\($0.count) \($0.what)" } == ["5 letters sent"])
            #expect(postman.ear.heard.isEmpty)
            try await shop.supervisor.enable("postman", .atCheckpoint)
            try await eventually("all are sent") { postman.ear.heard.count == 5 }
        }
    }

    @Test func `is followed by going on from now, and what waited has no effects`() async throws {
        try await withBacklog(10) { shop in
            try await shop.supervisor.enable("echo", .fromNow)
            try await shop.call("counter.create", ["value": 1])
            try await eventually("the new one is heard") { try await shop.count(of: .echoes) == 1 }
            try await eventually("nothing waits") { try await shop.status(of: "echo").lag == 0 }
            #expect(try await shop.count(of: .echoes) == 1)
        }
    }

    @Test func `is followed by skipping what is older than a moment`() async throws {
        try await withBacklog(10) { shop in
            let events = try await shop.store.read([.counters], after: [:], count: 100).events
            try await shop.supervisor.enable("echo", .skippingEffects(before: Moment(events[3].id)))
            try await eventually("the younger ones are heard") { try await shop.count(of: .echoes) == 6 }
            #expect(echo.ear.heard == events.dropFirst(4).map(\.id))
        }
    }
}

/// Does something outside Redis for every counter.
private struct PostmanModule: HandlerModule {
    let name = "postman"
    let summary = "Letters"
    let ear = Ear()

    var subscriptions: [Subscription] {
        [
            Subscription(Counter.topic, .created) { event, unit in
                try await unit.outside("letters sent") { _ in try ear.hear(event) }
            }
        ]
    }
}
