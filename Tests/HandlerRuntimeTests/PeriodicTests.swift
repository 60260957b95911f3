import EventStore
import HandlerRuntime
import JSON
import Synchronization
import TestKit
import Testing

@Suite struct `Periodic work` {
    /// Counts how often it is done, and takes one from each counter that has been open for too long.
    private struct Sweeper: HandlerModule {
        let name = "sweeper"
        let summary = "Sweeps"
        let times = Times()
        var age = Duration.zero
        var projections: [Projection] {
            [
                Projection(of: Counter.topic) { change in
                    change.before == nil ? [.add(index: "sweeper.due", id: change.id)] : []
                }
            ]
        }

        var periodicWork: [PeriodicWork] {
            [
                .overdue("sweep", in: "sweeper.due", for: age, every: .milliseconds(20)) {
                    (id, unit) throws(Refusal) in
                    guard let counter: Counter = try await unit.find(ID(id)) else { return }
                    if counter.value == 13 { throw Refusal(.conflict, "bad luck") }
                    if counter.value == 0 { return }
                    _ = try await unit.call("counter.decrement", JSONObject([("id", .string(id))]))
                },
                PeriodicWork("count", every: .milliseconds(20)) { (run) throws(Refusal) in try times.note() },
            ]
        }
    }

    private final class Times: Sendable {
        private let state = Mutex((count: 0, isFailing: false))
        var count: Int { state.withLock(\.count) }
        func setFailing(_ isFailing: Bool) { state.withLock { $0.isFailing = isFailing } }

        func note() throws(Refusal) {
            let isFailing = state.withLock { state in
                state.count += 1
                return state.isFailing
            }
            if isFailing { throw Refusal(.internalError, "it does not work") }
        }
    }

    @Test func `is done again and again, also behind failures`() async throws {
        let sweeper = Sweeper()
        try await Shop.run([CounterModule(), sweeper]) { _ in
            try await eventually("it is done") { sweeper.times.count > 2 }
            sweeper.times.setFailing(true)
            let before = sweeper.times.count
            try await eventually("it is tried again") { sweeper.times.count > before + 3 }
        }
    }

    @Test func `rests while its module is disabled`() async throws {
        let sweeper = Sweeper()
        try await Shop.run([CounterModule(), sweeper]) { shop in
            try await eventually("it is done") { sweeper.times.count > 0 }
            try await shop.supervisor.setEnabled(false, module: "sweeper")
            let before = sweeper.times.count
            try await Task.sleep(for: .milliseconds(100))
            #expect(sweeper.times.count == before)
            try await shop.supervisor.setEnabled(true, module: "sweeper")
            try await eventually("it is done again") { sweeper.times.count > before }
        }
    }

    @Test func `is done by one daemon, and by another when that one is gone`() async throws {
        let (first, second) = (Sweeper(), Sweeper())
        try await Shop.run([CounterModule(), first]) { one in
            try await Shop.run([CounterModule(), second], on: one.server) { _ in
                try await eventually("the first does it") { first.times.count > 3 }
                #expect(second.times.count == 0)
                await one.stop()
                try await eventually("the second does it") { second.times.count > 0 }
            }
        }
    }

    @Test func `takes up what is overdue, each by itself, and what is refused keeps nobody else waiting`()
        async throws
    {
        try await Shop.run([CounterModule(), Sweeper()]) { shop in
            let ids = try await shop.call("counter.create", batch: [["value": 13], ["value": 2], ["value": 1]])
            try await eventually("all are swept") {
                let values = try await shop.call("counter.list").array?.map { $0["value"] } ?? []
                return values == [13, 0, 0]
            }
            #expect(ids.array?.count == 3)
        }
    }

    @Test func `leaves alone what is not overdue yet`() async throws {
        var sweeper = Sweeper()
        sweeper.age = .seconds(3_600)
        try await Shop.run([CounterModule(), sweeper]) { [sweeper] shop in
            try await shop.call("counter.create", batch: [["value": 2]])
            let before = sweeper.times.count
            try await eventually("it was looked at") { sweeper.times.count > before + 2 }
            #expect(try await shop.call("counter.list").array?.first?["value"] == 2)
        }
    }

    @Test func `says whose it is in what comes of it`() async throws {
        try await Shop.run([CounterModule(), Sweeper()]) { shop in
            try await shop.call("counter.create", batch: [["value": 1]])
            try await eventually("it is swept") { try await shop.count(of: .counterChanges) == 1 }
            let events = try await shop.store.read([.counterChanges], after: [:], count: 10).events
            #expect(events.first?.metadata.first { $0.name == "module" }?.value == "sweeper")
        }
    }
}
