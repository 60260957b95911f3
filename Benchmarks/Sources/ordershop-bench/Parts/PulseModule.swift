import EventStore
import HandlerRuntime
import Histogram
import Redis
import ServiceLifecycle
import Synchronization

/// Notes how long its events were on their way: from when they should have been appended to their handler.
final class PulseModule: HandlerModule {
    /// In microseconds.
    struct Latencies: Sendable {
        let p50: Double
        let p99: Double
    }

    let name = "pulse"
    let summary = "Notes how long its events were on their way"
    private static let topic = TopicDefinition("pulse", actions: [.created])
    private let latencies = Mutex(Histogram<UInt64>(highestTrackableValue: 3_600_000_000))

    var topics: [TopicDefinition] { [Self.topic] }

    var subscriptions: [Subscription] {
        [
            Subscription(Self.topic.topic, .created) { event, _ in
                // Its id says when it was meant for.
                let meantFor = event.entityKey.id.split(separator: "-").first.flatMap { UInt64($0) } ?? 0
                let latency = max(1, (now() - meantFor) / 1_000)
                self.latencies.withLock { _ = $0.record(latency) }
            }
        ]
    }

    /// Appends by a schedule, however long each takes.
    func beat(in store: Store, count: Int, perSecond: Double) async throws -> Latencies {
        latencies.withLock { $0.reset() }
        let (moments, schedule) = AsyncStream.makeStream(of: UInt64.self)
        async let pacing: Void = onThread { Self.keep(schedule, count, perSecond) }
        try await withThrowingDiscardingTaskGroup { group in
            for _ in 0..<64 {
                group.addTask { for await moment in moments { try await self.append(meantFor: moment, to: store) } }
            }
        }
        try await pacing
        while latencies.withLock(\.totalCount) < count { try await Task.sleep(for: .milliseconds(1)) }
        return latencies.withLock { found in
            Latencies(p50: Double(found.valueAtPercentile(50)), p99: Double(found.valueAtPercentile(99)))
        }
    }

    private static func keep(_ schedule: AsyncStream<UInt64>.Continuation, _ count: Int, _ perSecond: Double) {
        let start = now()
        for index in 0..<count {
            let due = start + UInt64(Double(index) * 1e9 / perSecond)
            while true {
                let time = now()
                if time >= due { break }
                // Sleeping is not exact to less than this.
                if due - time > 60_000 { pause(due - time - 50_000) }
            }
            schedule.yield(due)
        }
        schedule.finish()
    }

    private func append(meantFor moment: UInt64, to store: Store) async throws {
        let id = "\(moment)-\(UUIDText.random())"
        let event = NewEvent(
            Self.topic.birthStream, entityID: id, entity: Array(#"{"id":"\#(id)","name":"Ada"}"#.utf8), before: nil)
        _ = try await store.transact(Transaction(events: [event]))
    }
}
