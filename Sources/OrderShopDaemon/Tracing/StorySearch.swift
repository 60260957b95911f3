import EventStore
import HandlerRuntime
import JSON
import ShopContracts
import Traces

/// Finds all that belongs together with an order, an event or a request: what caused it, and what came of it.
///
/// It is found in the events themselves, by the metadata that each of them has, whether or not its trace was recorded.
/// There is no index for that, so it looks where it must be, and nowhere for ever: at the events that an entity's own
/// chain names, and at those of all streams that came soon behind a known one.
struct StorySearch: Sendable {
    let store: Store
    let recorder: SpanRecorder

    /// What one search may cost.
    enum Limits {
        /// Events that a story has.
        static let events = 500
        /// Events of the entity that is asked for, and of each that takes part.
        static let history = 20
        static let entities = 50
        /// Events that are looked at.
        static let examined = 20_000
        /// How long behind an event its effects are looked for, the likely ones of all first.
        static let windows: [Duration] = [.seconds(1), .seconds(30)]
        /// What is appended in one step stands together: its events may stand a little before the one that is known.
        static let step = Duration.milliseconds(50)
        /// How many of the shop's last events are looked through for a request or a trace that nothing else names.
        static let recent = 5_000
        static let page = 250
    }

    /// - Parameter name: of an order its number; `TOPIC:ID`, an entity's id, an event's id, a request's, a trace's.
    /// - Throws: `notFound` where nothing is known by that name.
    func story(of name: String) async throws(Refusal) -> Story {
        let found: Finding
        do { found = try await search(name) } catch { throw Refusal(error) }
        guard found.events.isEmpty else { return story(found, of: name) }
        throw Refusal(
            .notFound,
            "nothing is known of \(name.prefix(100)): name an entity, as TOPIC:ID or by its id, an order by its "
                + "number, an event, or one of the last requests or traces")
    }

    private func search(_ name: String) async throws(StoreError) -> Finding {
        var found = Finding()
        if let entity = try await entity(name) {
            try await begin(&found, with: entity)
        } else if let id = EventID(name) {
            found.add(try await store.events([id]))
        } else if let trace = TraceID(name) {
            try await begin(&found, with: trace)
        }
        if found.events.isEmpty { found.add(try await recent { $0.correlation == name }) }
        if !found.events.isEmpty { try await complete(&found) }
        return found
    }

    private func story(_ found: Finding, of name: String) -> Story {
        let events = found.events.values.sorted { $0.id < $1.id }
        let spans = recorder.spans(of: Set(events.compactMap { $0.trace?.trace }))
        return Story(subject: found.subject ?? name, events: events, spans: spans, isWhole: found.isWhole)
    }

    // MARK: Where it begins

    /// What is known so far.
    private struct Finding {
        var subject: String?
        var events: [EventID: RecordedEvent] = [:]
        var correlations: Set<String> = []
        /// Up to which place each known event's surroundings have been looked at.
        var examined: [ClosedRange<EventID>] = []
        var cost = 0
        var isWhole = true
        var entities: Set<EntityKey> = []

        /// - Returns: whether one of them is new.
        @discardableResult mutating func add(_ more: [RecordedEvent]) -> Bool {
            let before = events.count
            for event in more where events[event.id] == nil {
                guard events.count < Limits.events else {
                    isWhole = false
                    break
                }
                events[event.id] = event
                correlations.insert(event.correlation)
            }
            return events.count > before
        }

        func takes(_ event: RecordedEvent) -> Bool {
            events[event.id] == nil && correlations.contains(event.correlation)
        }
    }

    /// The entity that a name means; nil: none.
    private func entity(_ name: String) async throws(StoreError) -> EntityKey? {
        if let key = EntityKey(name), store.topics.contains(where: { $0.topic == key.topic }) {
            return try await store.load([.id(key.topic, key.id)])[0].map { _ in key }
        }
        if UInt64(name) != nil {
            return try await store.load([.unique(Order.byNumber, name)])[0].map {
                EntityKey(topic: Order.topic, id: $0.id)
            }
        }
        guard UUIDText.isValid(name) else { return nil }
        let topics = store.topics.map(\.topic)
        let states = try await store.load(topics.map { .id($0, name) })
        return zip(topics, states).first { $0.1 != nil }.map { EntityKey(topic: $0.0, id: name) }
    }

    private func begin(_ found: inout Finding, with entity: EntityKey) async throws(StoreError) {
        guard let topic = store.topics.first(where: { $0.topic == entity.topic }) else { return }
        found.subject = "\(entity)"
        found.entities.insert(entity)
        let page = try await store.history(of: topic, entity.id, count: Limits.history)
        found.add(page.events)
        if page.rest != .nothing { found.isWhole = false }
    }

    /// The spans that are kept still name events and requests; without any the last events are looked through.
    private func begin(_ found: inout Finding, with trace: TraceID) async throws(StoreError) {
        let spans = recorder.spans(of: [trace])
        let ids = Set(spans.compactMap { $0["messaging.message.id"].flatMap { EventID($0) } })
        found.add(try await store.events(Array(ids.sorted().prefix(Limits.history))))
        if found.events.isEmpty { found.add(try await recent { $0.trace?.trace == trace }) }
    }

    private func recent(
        _ matches: (RecordedEvent) -> Bool
    ) async throws(StoreError) -> [RecordedEvent] {
        var end: EventID?
        for _ in 0..<(Limits.recent / Limits.page) {
            let page = try await store.last(of: streams, before: end, count: Limits.page)
            let found = page.filter(matches)
            if !found.isEmpty { return found }
            guard page.count == Limits.page, let first = page.first else { break }
            end = first.id.predecessor
        }
        return []
    }

    private var streams: [StreamKey] { store.topics.flatMap(\.streams) }

    // MARK: What belongs to it

    private func complete(_ found: inout Finding) async throws(StoreError) {
        try await findCauses(&found)
        for window in Limits.windows {
            repeat { try await look(&found, within: window) } while try await followEntities(&found)
        }
    }

    /// Up to the first cause.
    private func findCauses(_ found: inout Finding) async throws(StoreError) {
        var asked: Set<EventID> = []
        while true {
            let causes = Set(found.events.values.compactMap { $0.metadata("cause").flatMap { EventID($0) } })
                .subtracting(found.events.keys).subtracting(asked)
            if causes.isEmpty { return }
            asked.formUnion(causes)
            found.add(try await store.events(Array(causes.sorted().prefix(Limits.entities))))
        }
    }

    /// Looks at the events around the known ones. Those that it finds have surroundings of their own.
    private func look(_ found: inout Finding, within window: Duration) async throws(StoreError) {
        while let range = found.unexamined(within: window) {
            let end = try await scan(range, &found)
            found.examined.append(range.lowerBound...end)
            if end < range.upperBound {
                found.isWhole = false
                return
            }
        }
    }

    /// - Returns: the place up to which it came.
    private func scan(
        _ range: ClosedRange<EventID>, _ found: inout Finding
    ) async throws(StoreError) -> EventID {
        let streams = streams
        var positions = Dictionary(streams.map { ($0, range.lowerBound.predecessor) }) { $1 }
        var end = range.lowerBound
        while found.cost < Limits.examined {
            let batch = try await store.read(streams, after: positions, count: Limits.page)
            found.cost += max(1, batch.events.count)
            let inRange = batch.events.prefix { $0.id <= range.upperBound }
            found.add(inRange.filter(found.takes))
            if !batch.isFull || inRange.count < batch.events.count { return range.upperBound }
            end = batch.events.last?.id ?? end
            positions = batch.positions
        }
        return end
    }

    /// An entity's own events say where the one before stands, however long ago: a mail may be sent hours later.
    /// - Returns: whether there are new ones.
    private func followEntities(_ found: inout Finding) async throws(StoreError) -> Bool {
        var isNew = false
        for entity in Set(found.events.values.map(\.entityKey)).subtracting(found.entities) {
            guard found.entities.count < Limits.entities else {
                found.isWhole = false
                break
            }
            found.entities.insert(entity)
            guard let topic = store.topics.first(where: { $0.topic == entity.topic }) else { continue }
            let page = try await store.history(of: topic, entity.id, count: Limits.history)
            if found.add(page.events.filter(found.takes)) { isNew = true }
        }
        return isNew
    }
}

extension StorySearch.Finding {
    /// The first surroundings of known events that have not been looked at yet.
    fileprivate func unexamined(within window: Duration) -> ClosedRange<EventID>? {
        for id in events.keys.sorted() {
            var start = id.earlier(by: StorySearch.Limits.step)
            let end = id.later(by: window)
            while let range = examined.first(where: { $0.contains(start) }) {
                if range.upperBound >= end { break }
                start = range.upperBound.later(by: .microseconds(1))
            }
            if examined.contains(where: { $0.contains(start) }) { continue }
            return start...end
        }
        return nil
    }
}
