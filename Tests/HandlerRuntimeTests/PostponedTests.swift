import EventStore
import HandlerRuntime
import JSON
import Redis
import Synchronization
import TestKit
import Testing

@Suite(.timeLimit(.minutes(2))) struct `An event that the world is not ready for` {
    @Test(arguments: [Ordering.shop, .entity])
    func `is tried again by itself until it is handled, while the others go on`(ordering: Ordering) async throws {
        let caller = CallerModule(ordering) { $0.value == 7 && $0.attempt <= 3 ? .postpone : .answer }
        try await Shop.run([CounterModule(), caller]) { shop in
            for value in 1...20 as ClosedRange<Int64> {
                try await shop.call("counter.create", ["value": .number(JSONNumber(value))])
            }
            try await eventually("all are handled") { try await shop.count(of: .echoes) == 20 }
            #expect(caller.calls(of: 7) == [1, 2, 3, 4])
            #expect(caller.calls(of: 8) == [1])
            try await eventually("nothing of it is left") {
                try await shop.redis.send(RedisCommand("KEYS", "ordershop:parked:*")).array?.isEmpty == true
            }
        }
    }

    @Test func `keeps the later ones of its entity behind it, in their order`() async throws {
        let caller = CallerModule(.entity) { $0.value == 7 && $0.attempt <= 2 ? .postpone : .answer }
        try await Shop.run([CounterModule(), caller]) { shop in
            let id = try await shop.call("counter.create", ["value": 7])
            for _ in 0..<3 { try await shop.call("counter.decrement", ["id": id]) }
            try await eventually("all are handled") { try await shop.count(of: .echoes) == 4 }
            #expect(caller.answered == [7, 6, 5, 4])
        }
    }

    @Test func `is tried again by the next daemon, too`() async throws {
        let mayAnswer = Mutex(false)
        let caller = CallerModule(.entity) { _ in mayAnswer.withLock(\.self) ? .answer : .postpone }
        try await Shop.run([CounterModule(), caller]) { shop in
            try await shop.call("counter.create", ["value": 7])
            try await eventually("it is postponed") { try await shop.supervisor.parked("caller").count == 1 }
            try await shop.supervisor.disable("caller")
            mayAnswer.withLock { $0 = true }
            try await shop.supervisor.enable("caller", .atCheckpoint)
            try await eventually("it is handled") { try await shop.count(of: .echoes) == 1 }
        }
    }

    @Test func `is parked at once where trying again is of no use, with the reason, and waits to be asked for`()
        async throws
    {
        let caller = CallerModule(.entity) { $0.value == 7 ? .refuse : .answer }
        try await Shop.run([CounterModule(), caller]) { shop in
            for value in [7, 8] as [JSONValue] { try await shop.call("counter.create", ["value": value]) }
            try await eventually("the other is handled") { try await shop.count(of: .echoes) == 1 }
            let parked = try await shop.supervisor.parked("caller")
            #expect(parked.map(\.reason) == ["nobody there"])
            #expect(parked.map(\.dueAt) == [nil])
            #expect(caller.calls(of: 7) == [1])
        }
    }

    @Test func `holds up the whole module where it is the world that is away, and nothing is done twice for it`()
        async throws
    {
        let calls = Mutex(0)
        let caller = CallerModule(.entity) { call in
            calls.withLock { $0 += call.value == 3 ? 1 : 0 }
            return call.value == 3 && calls.withLock({ $0 <= 2 }) ? .wait : .answer
        }
        try await Shop.run([CounterModule(), caller]) { shop in
            try await shop.supervisor.disable("caller")
            for value in 1...8 as ClosedRange<Int64> {
                try await shop.call("counter.create", ["value": .number(JSONNumber(value))])
            }
            try await shop.supervisor.enable("caller", .atCheckpoint)
            try await eventually("all are handled") { try await shop.count(of: .echoes) == 8 }
            #expect(try await shop.supervisor.parked("caller").isEmpty)
            // Those before it were committed when it failed first.
            #expect(caller.calls(of: 1) == [1])
            #expect(caller.repeats(of: 8) == [false, true, true])
        }
    }
}

/// Rings somebody up for every counter that is made or changed, and says an echo if he answers.
private final class CallerModule: HandlerModule {
    struct Call {
        let value: Int64
        let attempt: Int
    }

    enum Luck {
        case answer
        case postpone
        case refuse
        case wait
    }

    private struct Record {
        var attempts: [Int64: [Int]] = [:]
        var repeats: [Int64: [Bool]] = [:]
        var answered: [Int64] = []
    }

    let name = "caller"
    let summary = "Calls"
    let topics = [Echo.definition]
    let ordering: Ordering
    private let luck: @Sendable (Call) -> Luck
    private let record = Mutex(Record())

    init(_ ordering: Ordering, luck: @escaping @Sendable (Call) -> Luck) {
        self.ordering = ordering
        self.luck = luck
    }

    func calls(of value: Int64) -> [Int] { record.withLock { $0.attempts[value] ?? [] } }
    func repeats(of value: Int64) -> [Bool] { record.withLock { $0.repeats[value] ?? [] } }
    var answered: [Int64] { record.withLock(\.answered) }

    var subscriptions: [Subscription] {
        [
            Subscription(Counter.topic, .created) { try await self.ring($0, $1) },
            Subscription(Counter.topic, .updated) { try await self.ring($0, $1) },
        ]
    }

    private func ring(_ event: RecordedEvent, _ unit: UnitOfWork) async throws {
        let value = event.decoded()?["value"]?.number?.int64 ?? 0
        try await unit.outside("calls") { effect in
            record.withLock { record in
                record.attempts[value, default: []].append(effect.attempt)
                record.repeats[value, default: []].append(effect.isRepeat)
            }
            switch luck(Call(value: value, attempt: effect.attempt)) {
            case .answer: record.withLock { $0.answered.append(value) }
            case .postpone: throw Postponed("engaged", for: .milliseconds(30))
            case .refuse: throw Hopeless("nobody there")
            case .wait: throw TryLater("the line is dead")
            }
        }
        unit.create(Echo(source: "\(value)"))
    }
}
