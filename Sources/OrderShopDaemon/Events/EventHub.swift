import CoreMetrics
import EventStore
import HandlerRuntime
import Logging
import ServiceLifecycle
import Synchronization

/// Reads what happens once for all clients of `/events`, and keeps the last of it for them.
///
/// No event waits in a queue of one client: each goes along the same window, and reads from Redis what has left it.
/// So a client that is slow costs no more than one that is not.
final class EventHub: Service {
    struct Limits: Sendable {
        /// How many clients there are at most.
        var clients: Int
        /// How often each is told that the connection stands; whom nothing reaches for so long is dropped.
        var heartbeat: Duration
        /// How many bytes of messages the window has.
        var window = 8 * 1_024 * 1_024
    }

    private struct State {
        /// nil while there is nobody to keep it for.
        var window: EventWindow?
        var seats: [Int: WeakSeat] = [:]
        var next = 0
        var isStopping = false
    }

    let store: Store
    private let streams: [StreamKey]
    private let news: News
    private let limits: Limits
    private let logger: Logger
    private let state = Mutex(State())
    private let readers = Turns(8)
    private let metrics = EventMetrics()
    /// How many events of each stream are read at once.
    private static let page = 200

    init(store: Store, news: News, limits: Limits, logger: Logger) {
        (self.store, self.news, self.limits, self.logger) = (store, news, limits, logger)
        streams = store.topics.flatMap(\.streams)
    }

    // MARK: Clients

    /// - Throws: where there are too many already, or none are taken any more.
    func join(hangUp: @escaping @Sendable () -> Void) throws(Refusal) -> EventSeat {
        let number: Int? = state.withLock { state in
            guard state.seats.count < limits.clients, !state.isStopping else { return nil }
            state.next += 1
            state.seats[state.next] = WeakSeat()
            return state.next
        }
        guard let number else {
            metrics.refused.increment()
            throw Refusal(
                .unavailable,
                "as many clients as may be at once (\(limits.clients)) read events already: try again later, or have "
                    + "gateway.events.max_clients raised", retryAfter: .seconds(10))
        }
        let seat = EventSeat(metrics, hangUp: hangUp) { [weak self] in self?.leave(number) }
        state.withLock { $0.seats[number] = WeakSeat(seat: seat) }
        metrics.clients.increment()
        // Whoever is the first has the window begun.
        news.ring()
        return seat
    }

    private func leave(_ number: Int) {
        state.withLock { state in
            state.seats.removeValue(forKey: number)
            if state.seats.isEmpty { state.window = nil }
        }
        metrics.clients.decrement()
    }

    private var seats: [EventSeat] { state.withLock { $0.seats.values.compactMap(\.seat) } }

    /// What is to be told of the events behind a place, as far as the window has them.
    /// - Returns: `part` is nil where it does not have all of them, `end` where there is no window.
    func part(
        after place: EventID, of selection: EventSelection, atMost limit: Int
    ) -> (part: EventPart?, end: EventID?) {
        let erasures = store.erasures
        return state.withLock { state in
            let part = state.window?.part(after: place, of: selection, atMost: limit, erasures: erasures)
            return (part, state.window?.end)
        }
    }

    /// Not all read the past at once: what they are sent is small, what has to be read for it may not be.
    func read(_ streams: [StreamKey], after place: EventID, count: Int) async throws(StoreError) -> EventBatch {
        let positions = Dictionary(streams.map { ($0, place) }) { $1 }
        return try await readers.take { () async throws(StoreError) -> EventBatch in
            try await store.read(streams, after: positions, count: count)
        }
    }

    // MARK: The service

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            await withDiscardingTaskGroup { group in
                group.addTask { await self.follow() }
                group.addTask { await self.watch() }
            }
        }
        await end()
    }

    private func follow() async {
        for await _ in news.rings() {
            while await readOn() {}
            // Under load more comes at once this way, for one reading and one writing to each.
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Returns whether there may be more.
    private func readOn() async -> Bool {
        guard hasClients else { return false }
        do throws(StoreError) {
            let place = try await begin()
            let positions = Dictionary(streams.map { ($0, place) }) { $1 }
            let validity = ToldEvent.Validity.now(in: store)
            let batch = try await store.read(streams, after: positions, count: Self.page)
            let told = batch.events.map { ToldEvent($0, validity) }
            state.withLock { $0.window?.append(told) }
            for seat in seats { seat.ring() }
            return batch.isFull && !Task.isCancelled
        } catch {
            // While Redis is away there is nothing to tell; its return rings.
            return false
        }
    }

    private var hasClients: Bool { state.withLock { !$0.seats.isEmpty } }

    /// The place up to which the window goes.
    private func begin() async throws(StoreError) -> EventID {
        if let end = state.withLock({ $0.window?.end }) { return end }
        let last = try await store.lastIssued()
        state.withLock { state in
            if !state.seats.isEmpty { state.window = EventWindow(from: last, capacity: limits.window) }
        }
        return last
    }

    private func watch() async {
        while (try? await Task.sleep(for: limits.heartbeat)) != nil {
            for seat in seats where seat.dropIfStuck(for: limits.heartbeat) {
                metrics.dropped.increment()
                logger.notice("hung up on a client of /events that does not read")
            }
            for seat in seats { seat.beat() }
            // Whatever was missed.
            if hasClients { news.ring() }
        }
    }

    /// Clients get to read what is on its way, but nobody waits for those who do not.
    private func end() async {
        state.withLock { $0.isStopping = true }
        for seat in seats { seat.end() }
        for _ in 0..<50 where !seats.isEmpty { try? await Task.sleep(for: .milliseconds(10)) }
        for seat in seats { _ = seat.dropIfStuck(for: .zero) }
    }
}

private struct WeakSeat: Sendable {
    weak var seat: EventSeat?
}
