import EventStore
import HandlerRuntime
import JSON
import Synchronization
import TestKit
import Testing

@Suite struct `A module that asks for the order of each entity only` {
    @Test func `has events of different entities in hand at the same time`() async throws {
        let slow = SlowModule(company: 4)
        try await Shop.run([CounterModule(), slow]) { shop in
            try await shop.call("counter.create", batch: Array(repeating: ["value": 9], count: 8))
            try await eventually("all are handled") { try await shop.count(of: .echoes) == 8 }
            #expect(slow.most >= 4)
        }
    }

    @Test func `sees those of one entity one after the other, in order, each once`() async throws {
        let slow = SlowModule(company: 1)
        try await Shop.run([CounterModule(), slow]) { shop in
            let ids = try await shop.call("counter.create", batch: Array(repeating: ["value": 50], count: 6))
            for _ in 0..<20 {
                for id in ids.array ?? [] { try await shop.call("counter.decrement", ["id": id]) }
            }
            try await eventually("all are handled") { try await shop.count(of: .echoes) == 126 }
            #expect(slow.seen.count == 6)
            for events in slow.seen.values { #expect(events == events.sorted() && Set(events).count == 21) }
            let effects = try await shop.store.read([.echoes], after: [:], count: 500).events
            let causes = effects.flatMap { $0.metadata.map(\.value) }.compactMap { EventID($0) }
            #expect(causes == causes.sorted())
        }
    }

    @Test func `handles one after the other where two of them change the same thing`() async throws {
        try await Shop.run([CounterModule(), TallyModule()]) { shop in
            try await shop.supervisor.disable("tally")
            try await shop.call("counter.create", batch: Array(repeating: ["value": 1], count: 40))
            try await shop.supervisor.enable("tally", .atCheckpoint)
            try await eventually("all are handled") { try await shop.status(of: "tally").lag == 0 }
            let tally = try await shop.store.load([.id(Echo.topic, TallyModule.id.text)])[0]
            #expect(tally?.decoded()?["source"] == "40")
        }
    }
}

/// Takes its time over every event, until so many are in hand at once.
private final class SlowModule: HandlerModule {
    private struct State {
        var inHand = 0
        var most = 0
        var seen: [String: [EventID]] = [:]
    }

    let name = "slow"
    let summary = "Slow"
    let topics = [Echo.definition]
    let ordering = Ordering.entity
    private let company: Int
    private let state = Mutex(State())

    init(company: Int) { self.company = company }

    var most: Int { state.withLock(\.most) }
    var seen: [String: [EventID]] { state.withLock(\.seen) }

    var subscriptions: [Subscription] {
        [
            Subscription(Counter.topic, .created) { try await self.handle($0, $1) },
            Subscription(Counter.topic, .updated) { try await self.handle($0, $1) },
        ]
    }

    private func handle(_ event: RecordedEvent, _ unit: UnitOfWork) async throws {
        state.withLock { state in
            state.inHand += 1
            state.most = max(state.most, state.inHand)
            state.seen[event.decoded()?["id"]?.string ?? "", default: []].append(event.id)
        }
        let deadline = ContinuousClock.now + .seconds(2)
        while state.withLock({ $0.most }) < company, .now < deadline { try await Task.sleep(for: .milliseconds(1)) }
        state.withLock { $0.inHand -= 1 }
        unit.create(Echo(source: "\(event.id)"))
    }
}

/// Counts all events in one entity.
private struct TallyModule: HandlerModule {
    static let id = ID<Echo>("11111111-1111-4111-8111-111111111111")
    let name = "tally"
    let summary = "Counts"
    let topics = [Echo.definition]
    let ordering = Ordering.entity

    var subscriptions: [Subscription] {
        [
            Subscription(Counter.topic, .created) { _, unit in
                let count = try await unit.find(Self.id).flatMap { Int($0.source) } ?? 0
                unit.append(count == 0 ? .created : .updated, Echo(id: Self.id, source: String(count + 1)))
            }
        ]
    }
}
