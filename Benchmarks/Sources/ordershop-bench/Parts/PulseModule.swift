import Dispatch
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
        let timer = Self.keep(schedule, count, perSecond)
        defer { timer.cancel() }
        try await withThrowingDiscardingTaskGroup { group in
            for _ in 0..<64 {
                group.addTask { for await moment in moments { try await self.append(meantFor: moment, to: store) } }
            }
        }
        while latencies.withLock(\.totalCount) < count { try await Task.sleep(for: .milliseconds(1)) }
        return latencies.withLock { found in
            Latencies(p50: Double(found.valueAtPercentile(50)), p99: Double(found.valueAtPercentile(99)))
        }
    }

    /// By a timer of the kernel's: a sleep is not exact to less than 50 µs, and a thread that spins takes a processor from
    /// what is measured.
    private static func keep(
        _ schedule: AsyncStream<UInt64>.Continuation, _ count: Int, _ perSecond: Double
    ) -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(flags: .strict)
        let start = now()
        let pause = 1e9 / perSecond
        let begun = Atomic(0)
        timer.setEventHandler {
            // What a late timer has missed is due as well.
            while true {
                let index = begun.load(ordering: .relaxed)
                if index == count { return schedule.finish() }
                let due = start + UInt64(Double(index) * pause)
                guard due <= now() else { return }
                schedule.yield(due)
                begun.store(index + 1, ordering: .relaxed)
            }
        }
        timer.schedule(deadline: .now(), repeating: .nanoseconds(Int(pause)), leeway: .nanoseconds(0))
        timer.activate()
        return timer
    }

    private func append(meantFor moment: UInt64, to store: Store) async throws {
        let id = "\(moment)-\(UUIDText.random())"
        let event = NewEvent(
            Self.topic.birthStream, entityID: id, entity: Array(#"{"id":"\#(id)","name":"Ada"}"#.utf8), before: nil)
        _ = try await store.transact(Transaction(events: [event]))
    }
}
