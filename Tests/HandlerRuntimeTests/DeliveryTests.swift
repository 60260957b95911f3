import EventStore
import HandlerRuntime
import JSON
import Redis
import TestKit
import Testing

@Suite struct `Events` {
    @Test func `come to a module in order over its streams, and their effects name them`() async throws {
        let echo = EchoModule()
        try await Shop.run([CounterModule(), echo]) { shop in
            for _ in 0..<20 {
                let id = try await shop.call("counter.create", ["value": 9])
                try await shop.call("counter.decrement", ["id": id])
            }
            try await eventually("all are heard") { try await shop.count(of: .echoes) == 40 }
            let read = try await shop.store.read([.counters, .counterChanges], after: [:], count: 100).events
            #expect(echo.ear.heard == read.map(\.id))
            let echoes = try await shop.store.read([.echoes], after: [:], count: 100).events
            #expect(
                echoes.map { $0.metadata.map { "\($0.name) \($0.value)" } }
                    == read.map { ["cause \($0.id)", "module echo"] })
        }
    }

    @Test func `are handled in one go while nothing fails, so that nothing outside Redis is done twice`()
        async throws
    {
        let echo = EchoModule()
        try await Shop.run([CounterModule(), echo]) { shop in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask { for _ in 0..<100 { try await shop.call("counter.create", ["value": 1]) } }
                }
                try await group.waitForAll()
            }
            try await eventually("all are heard") { try await shop.count(of: .echoes) == 400 }
            #expect(echo.ear.heard.count == 400)
            #expect(echo.ear.heard == echo.ear.heard.sorted())
        }
    }

    @Test func `that another program writes are taken in by the module that owns them`() async throws {
        try await Shop.run([CounterModule(), EchoModule()]) { shop in
            let entity = #"{"id":"0b0e9a1c-4b5d-4c7a-9a53-2f0f6f6d8a11","value":7}"#
            let now = try await shop.redis.send(RedisCommand("TIME")).array?.first?.int ?? 0
            _ = try await shop.redis.send(
                RedisCommand(
                    "XADD", "events:{counter}_created", "\(now + 1)-0", "event_id", UUIDText.random(), "entity",
                    entity))
            try await eventually("it is there") { try await shop.call("counter.list").array?.count == 1 }
            try await eventually("it is heard") { try await shop.count(of: .echoes) == 1 }
            let id: JSONValue = "0b0e9a1c-4b5d-4c7a-9a53-2f0f6f6d8a11"
            #expect(try await shop.call("counter.decrement", ["id": id]) == 6)
        }
    }

    @Test func `that nobody can read stop nobody`() async throws {
        try await Shop.run([CounterModule(), EchoModule()]) { shop in
            let now = try await shop.redis.send(RedisCommand("TIME")).array?.first?.int ?? 0
            for (number, fields) in [["entity", "{no json"], ["entity", "[]"], ["something", "else"]].enumerated() {
                _ = try await shop.redis.send(
                    RedisCommand(
                        "XADD", arguments: ["events:{counter}_created", "\(now + 1)-\(number + 1)"] + fields))
            }
            try await shop.call("counter.create", ["value": 1])
            try await eventually("all are handled") { try await shop.count(of: .echoes) == 4 }
            #expect(try await shop.call("counter.list").array?.count == 1)
        }
    }

    @Test func `go on where they stopped when Redis was away`() async throws {
        let echo = EchoModule()
        let server = try await RedisServer.start(options: ["--appendonly", "yes", "--appendfsync", "always"])
        try await Shop.run([CounterModule(), echo], on: server) { shop in
            for round in 1...3 {
                try await shop.call("counter.create", ["value": 1])
                try await server.restart()
                try await eventually("commands are taken again") {
                    await refusal { try await shop.call("counter.create", ["value": 1]) } == nil
                }
                try await eventually("all are heard") { try await shop.count(of: .echoes) == 2 * round }
            }
        }
    }
}

@Suite struct `A module whose reaction throws` {
    @Test func `backs off while the others go on, and then handles everything in order, once`() async throws {
        let (echo, silent) = (EchoModule(), SilentModule(name: "silent"))
        try await Shop.run([CounterModule(), echo, silent], options: .patient) { shop in
            try await shop.call("counter.create", ["value": 1])
            try await eventually("the first is heard") { try await shop.count(of: .echoes) == 1 }
            echo.ear.setDeaf(true)
            for _ in 0..<50 { try await shop.call("counter.create", ["value": 1]) }
            try await eventually("the others hear all") { silent.ear.heard.count == 51 }
            try await eventually("it backs off") {
                if case .backingOff(let reason, _) = await shop.state(of: "echo") {
                    reason.contains("Deaf")
                } else {
                    false
                }
            }
            #expect(try await shop.count(of: .echoes) == 1)
            echo.ear.setDeaf(false)
            try await eventually("all are heard") { try await shop.count(of: .echoes) >= 51 }
            try await eventually("it runs again") { await shop.state(of: "echo") == .running }
            #expect(try await shop.count(of: .echoes) == 51)
            #expect(echo.ear.heard == silent.ear.heard)
        }
    }

    @Test func `only at one event still handles those before it`() async throws {
        let (echo, silent) = (EchoModule(), SilentModule(name: "silent"))
        try await Shop.run([CounterModule(), echo, silent], options: .patient) { shop in
            try await shop.supervisor.setEnabled(false, module: "echo")
            for value in 0..<10 { try await shop.call("counter.create", ["value": value == 6 ? 666 : 1]) }
            echo.ear.setPoison("666")
            try await shop.supervisor.setEnabled(true, module: "echo")
            try await eventually("those before it are handled") { try await shop.count(of: .echoes) == 6 }
            echo.ear.setPoison(nil)
            try await eventually("all are handled") { try await shop.count(of: .echoes) == 10 }
            let checkpoint = try await shop.store.checkpoint(of: "echo")
            #expect(try await shop.store.lag(of: [.counters], behind: checkpoint) == [.counters: 0])
        }
    }

    @Test func `or can never be committed backs off as well, and does not spin`() async throws {
        let (echo, silent) = (EchoModule(), SilentModule(name: "silent"))
        try await Shop.run([CounterModule(), echo, silent], options: .patient) { shop in
            echo.ear.setID("the same")
            try await shop.call("counter.create", ["value": 1])
            try await eventually("the first is heard") { try await shop.count(of: .echoes) == 1 }
            try await shop.call("counter.create", ["value": 1])
            try await eventually("it backs off") {
                if case .backingOff = await shop.state(of: "echo") { true } else { false }
            }
            try await shop.call("counter.create", ["value": 1])
            try await eventually("the others go on") { silent.ear.heard.count == 3 }
            #expect(echo.ear.heard.count < 200)
            echo.ear.setID(nil)
            try await eventually("all are handled") { try await shop.count(of: .echoes) == 3 }
        }
    }
}
