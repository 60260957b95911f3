import EventStore
import JSON
import Testing

@testable import HandlerRuntime

@Suite struct `A delivery that a command was faster than` {
    @Test func `is neither committed nor held against an event`() async throws {
        try await Shop.run([CounterModule()]) { shop in
            for _ in 0..<3 { try await shop.call("counter.create", ["value": 1]) }
            let standing = try await shop.store.heartbeat(["counter"], owner: "me", time: .seconds(60))
            let lease = try #require(standing.first?.lease)
            let delivery = EventDelivery(to: CounterModule(), store: shop.store) {
                shop.supervisor.dispatcher.unitOfWork()
            }
            let events = try await shop.store.read([.counters], after: [:], count: 3).events
            // Where the checkpoint stood before the commands took it along.
            let work = EventDelivery.Work(
                events: events[...], positions: [:], standing: DeliveryStanding(), lease: lease, attempt: 1,
                begun: .zero)
            guard case .overtaken = try await delivery.deliver(work) else {
                Issue.record("it is not told that it was overtaken")
                return
            }
        }
    }
}
