import EventStore
import HandlerRuntime
import JSON
import Redis
import TestKit
import Testing

@Suite struct `A module that is disabled` {
    @Test func `refuses its commands, also as a part of others, but no query, and everybody else goes on`()
        async throws
    {
        try await Shop.run([CounterModule(), JoiningModule(), SilentModule(name: "silent")]) { shop in
            let id = try await shop.call("counter.create", ["value": 1])
            try await shop.supervisor.setEnabled(false, module: "counter")
            let refused = await refusal { try await shop.call("counter.decrement", ["id": id]) }
            #expect(refused?.code == .moduleDisabled)
            #expect(refused?.retryAfter != nil)
            #expect(try await shop.call("counter.get", ["id": id])["value"] == 1)
            let joined = await refusal { try await shop.call("joining.decrement", ["ids": [id]]) }
            #expect(joined?.code == .moduleDisabled)
            #expect(await shop.state(of: "counter") == .disabled)
            #expect(await shop.state(of: "silent") == .running)
            try await shop.supervisor.setEnabled(true, module: "counter")
            #expect(try await shop.call("counter.decrement", ["id": id]) == 0)
        }
    }

    @Test func `handles no event until it is enabled, and then all of them in order`() async throws {
        let echo = EchoModule()
        try await Shop.run([CounterModule(), echo]) { shop in
            try await shop.supervisor.setEnabled(false, module: "echo")
            for value in 0..<30 {
                try await shop.call("counter.create", ["value": .number(JSONNumber(Int64(value)))])
            }
            #expect(try await shop.store.checkpoint(of: "echo") == [:])
            #expect(echo.ear.heard == [])
            try await shop.supervisor.setEnabled(true, module: "echo")
            try await eventually("all are heard") { try await shop.count(of: .echoes) == 30 }
            #expect(echo.ear.heard == echo.ear.heard.sorted())
        }
    }

    @Test func `is disabled for every daemon, and after a restart`() async throws {
        let modules: [any HandlerModule] = [CounterModule(), EchoModule()]
        try await Shop.run(modules) { first in
            try await Shop.run(modules, on: first.server) { second in
                try await second.supervisor.setEnabled(false, module: "counter")
                try await eventually("the other hears of it") { await first.state(of: "counter") == .disabled }
                await expectRefusal(.moduleDisabled) { try await first.call("counter.create", ["value": 1]) }
            }
            try await Shop.run(modules, on: first.server) { third in
                #expect(await third.state(of: "counter") == .disabled)
                await expectRefusal(.moduleDisabled) { try await third.call("counter.create", ["value": 1]) }
                try await third.supervisor.setEnabled(true, module: "counter")
                try await eventually("the first takes commands again") {
                    await refusal { try await first.call("counter.create", ["value": 1]) } == nil
                }
            }
        }
    }

    @Test func `is started and stopped as often as it is switched`() async throws {
        let silent = SilentModule(name: "silent")
        try await Shop.run([CounterModule(), silent]) { shop in
            #expect(silent.ear.starts == 1 && silent.ear.stops == 0)
            for round in 1...3 {
                try await shop.supervisor.setEnabled(false, module: "silent")
                #expect(silent.ear.starts == round && silent.ear.stops == round)
                try await shop.supervisor.setEnabled(false, module: "silent")
                try await shop.supervisor.setEnabled(true, module: "silent")
                #expect(silent.ear.starts == round + 1 && silent.ear.stops == round)
            }
        }
        #expect(silent.ear.starts == 4 && silent.ear.stops == 4)
    }

    @Test func `that does not start at first is failed, holds up nobody, and another daemon handles its events`()
        async throws
    {
        let (bad, good, other) = (
            SilentModule(name: "moody"), SilentModule(name: "good"), SilentModule(name: "moody")
        )
        bad.ear.setDeaf(true)
        try await Shop.run([CounterModule(), bad, good]) { first in
            guard case .failed(let reason) = await first.state(of: "moody") else {
                Issue.record("it is not failed")
                return
            }
            #expect(reason.contains("Deaf"))
            try await first.call("counter.create", ["value": 1])
            try await eventually("the others go on") { good.ear.heard.count == 1 }
            try await Shop.run([CounterModule(), other], on: first.server) { _ in
                try await eventually("it works elsewhere") { other.ear.heard.count == 1 }
            }
            bad.ear.setDeaf(false)
            try await eventually("it starts in the end") { await first.state(of: "moody") == .running }
            try await first.call("counter.create", ["value": 1])
            try await eventually("it hears here") { bad.ear.heard.count == 1 }
        }
    }

    @Test func `and does not start does not hold up the others`() async throws {
        let (bad, good) = (SilentModule(name: "bad"), SilentModule(name: "good"))
        try await Shop.run([CounterModule(), bad, good]) { shop in
            try await shop.supervisor.setEnabled(false, module: "bad")
            try await shop.supervisor.setEnabled(false, module: "good")
            bad.ear.setDeaf(true)
            await expectRefusal(.internalError) { try await shop.supervisor.setEnabled(true, module: "bad") }
            try await shop.supervisor.setEnabled(true, module: "good")
            #expect(good.ear.starts == 2)
            bad.ear.setDeaf(false)
            try await eventually("it starts in the end") { bad.ear.starts == 2 }
        }
    }

    @Test func `while a reaction hangs does not hold up the others for long`() async throws {
        let (hanging, silent) = (HangingModule(), SilentModule(name: "silent"))
        try await Shop.run([CounterModule(), hanging, silent]) { shop in
            try await shop.call("counter.create", ["value": 1])
            try await eventually("it hangs") { hanging.began.isOpen }
            try await shop.supervisor.setEnabled(false, module: "hanging")
            try await shop.call("counter.create", ["value": 1])
            try await eventually("the others go on") { silent.ear.heard.count == 2 }
            #expect(await shop.state(of: "hanging") == .disabled)
            hanging.goOn.open()
        }
    }

    /// Hangs at the first event that it gets until it is told to go on.
    private struct HangingModule: HandlerModule {
        let name = "hanging"
        let summary = "Hangs"
        let began = Latch()
        let goOn = Latch()

        var subscriptions: [Subscription] {
            [
                Subscription(Counter.topic, .created) { _, _ in
                    began.open()
                    await goOn.wait()
                }
            ]
        }
    }

    @Test func `and unknown is refused by name`() async throws {
        try await Shop.run([CounterModule()]) { shop in
            let refused = await refusal { try await shop.supervisor.setEnabled(false, module: "none") }
            #expect(refused?.code == .notFound)
            #expect(refused?.message.contains("counter") == true)
        }
    }
}

@Suite struct `Switching a module 10 times a second under load` {
    @Test func `loses and doubles no effect`() async throws {
        let echo = EchoModule()
        try await Shop.run([CounterModule(), echo]) { shop in
            let ids = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<4 { group.addTask { try await create(150, in: shop) } }
                try await switchOnAndOff("echo", in: shop)
                return try await group.reduce(into: []) { $0 += $1 }
            }
            try await eventually("all are heard") { try await shop.count(of: .echoes) >= ids.count }
            #expect(try await shop.supervisor.parked("echo").isEmpty)
            let echoes = try await shop.store.read([.echoes], after: [:], count: 10_000).events
            let sources = echoes.compactMap { $0.decoded()?["source"]?.string }
            #expect(Set(sources) == Set(ids) && sources.count == ids.count, "each has its effect once")
            let causes = echoes.compactMap {
                $0.metadata.first { $0.name == "cause" }.flatMap { EventID($0.value) }
            }
            #expect(causes.count == ids.count)
            #expect(causes == causes.sorted())
        }
    }

    private func create(_ count: Int, in shop: Shop) async throws -> [String] {
        var ids: [String] = []
        for _ in 0..<count { ids.append(try await shop.call("counter.create", ["value": 1]).string ?? "") }
        return ids
    }

    private func switchOnAndOff(_ module: String, in shop: Shop) async throws {
        for _ in 0..<10 {
            try await shop.supervisor.setEnabled(false, module: module)
            try await Task.sleep(for: .milliseconds(50))
            try await shop.supervisor.setEnabled(true, module: module)
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    @Test func `lets no command through once it is said to be off`() async throws {
        try await Shop.run([CounterModule()]) { shop in
            let (acknowledged, late) = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 { group.addTask { try await createWhilePossible(100, in: shop) } }
                var late = 0
                for _ in 0..<10 {
                    try await shop.supervisor.setEnabled(false, module: "counter")
                    let before = try await shop.count(of: .counters)
                    try await Task.sleep(for: .milliseconds(30))
                    late += try await shop.count(of: .counters) - before
                    try await shop.supervisor.setEnabled(true, module: "counter")
                    try await Task.sleep(for: .milliseconds(30))
                }
                return (try await group.reduce(0, +), late)
            }
            #expect(late == 0)
            #expect(try await shop.count(of: .counters) == acknowledged)
        }
    }

    /// How many commands were acknowledged; the others were refused because the module was off.
    private func createWhilePossible(_ count: Int, in shop: Shop) async throws -> Int {
        var acknowledged = 0
        for _ in 0..<count {
            do {
                try await shop.call("counter.create", ["value": 1])
                acknowledged += 1
            } catch let refusal as Refusal where refusal.code == .moduleDisabled {}
            try await Task.sleep(for: .milliseconds(4))
        }
        return acknowledged
    }
}
