import EventStore
import HandlerRuntime
import JSON
import ShopContracts
import Traces
import Tracing

/// Finds all that belongs together with an order, an event or a request: what caused it, and what came of it.
///
/// It is found in the events themselves, by the metadata that each of them has, whether or not its trace was recorded.
/// There is no index for that, so it looks where it must be, and nowhere for ever: at the events that an entity's own
/// chain names, and at those of all streams that came soon behind a known one.
struct StorySearch: Sendable {
    let store: Store
    let recorder: SpanRecorder

    /// - Parameter name: of an order its number; `TOPIC:ID`, an entity's id, an event's id, a request's, a trace's.
    /// - Throws: `notFound` where nothing is known by that name.
    func story(of name: String) async throws(Refusal) -> Story {
        let story: Story
        do { story = self.story(try await search(name), of: name) } catch { throw Refusal(error) }
        guard story.events.isEmpty, story.spans.isEmpty else { return story }
        throw Refusal(
            .notFound,
            "nothing is known of \(name.prefix(100)): name an entity, as TOPIC:ID or by its id, an order by its "
                + "number, an event, or one of the last requests or traces")
    }

    private func search(_ name: String) async throws(StoreError) -> StoryFinding {
        var found = StoryFinding()
        if let entity = try await entity(name) {
            try await begin(&found, with: entity)
        } else if let id = EventID(name) {
            found.add(try await store.events([id]))
        } else if let trace = TraceID(name) {
            found.traces = [trace]
            try await begin(&found) { $0.trace?.trace == trace }
        }
        if found.events.isEmpty, found.traces.isEmpty {
            found.traces = recorder.traces(where: SpanAttributeNames.correlation, is: name)
            try await begin(&found) { $0.correlation == name }
        }
        try await complete(&found)
        return found
    }

    private func story(_ found: StoryFinding, of name: String) -> Story {
        let events = found.events.values.sorted { $0.id < $1.id }
        let spans = recorder.spans(of: found.traces.union(events.compactMap { $0.trace?.trace }))
        return Story(subject: found.subject ?? name, events: events, spans: spans, isWhole: found.isWhole)
    }

    // MARK: Where it begins

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

    private func begin(_ found: inout StoryFinding, with entity: EntityKey) async throws(StoreError) {
        guard let topic = store.topics.first(where: { $0.topic == entity.topic }) else { return }
        found.subject = "\(entity)"
        found.entities.insert(entity)
        let page = try await store.history(of: topic, entity.id, count: StoryLimits.history)
        found.add(page.events)
        if page.rest != .nothing { found.isWhole = false }
    }

    /// The spans that are kept name events; where they name none, the last events are looked through.
    private func begin(
        _ found: inout StoryFinding, _ matches: (RecordedEvent) -> Bool
    ) async throws(StoreError) {
        let spans = recorder.spans(of: found.traces)
        let named = Set(spans.compactMap { $0[SpanAttributeNames.event].flatMap { EventID($0) } })
        found.add(try await store.events(Array(named.sorted().prefix(StoryLimits.history))))
        if found.events.isEmpty { found.add(try await recent(matches)) }
    }

    /// Events among the last of each stream; of one stream is enough, as they lead to all others.
    private func recent(
        _ matches: (RecordedEvent) -> Bool
    ) async throws(StoreError) -> [RecordedEvent] {
        for stream in streams {
            let found = try await store.last(of: [stream], count: StoryLimits.recent).filter(matches)
            if !found.isEmpty { return found }
        }
        return []
    }

    private var streams: [StreamKey] { store.topics.flatMap(\.streams) }

    // MARK: What belongs to it

    private func complete(_ found: inout StoryFinding) async throws(StoreError) {
        try await findCauses(&found)
        for window in StoryLimits.windows {
            repeat { try await look(&found, within: window) } while try await followEntities(&found)
        }
    }

    /// Up to the first cause.
    private func findCauses(_ found: inout StoryFinding) async throws(StoreError) {
        var asked: Set<EventID> = []
        while true {
            let causes = Set(found.events.values.compactMap { $0.metadata("cause").flatMap { EventID($0) } })
                .subtracting(found.events.keys).subtracting(asked)
            if causes.isEmpty { return }
            asked.formUnion(causes)
            if causes.count > StoryLimits.entities { found.isWhole = false }
            found.add(try await store.events(Array(causes.sorted().prefix(StoryLimits.entities))))
        }
    }

    /// Looks at the events around the known ones. Those that it finds have surroundings of their own.
    private func look(_ found: inout StoryFinding, within window: Duration) async throws(StoreError) {
        while let range = found.unexamined(within: window) {
            let end = try await scan(range, &found)
            found.note(examined: range.lowerBound...end)
            if end < range.upperBound {
                found.isWhole = false
                return
            }
        }
    }

    /// - Returns: the place up to which it came.
    private func scan(
        _ range: ClosedRange<EventID>, _ found: inout StoryFinding
    ) async throws(StoreError) -> EventID {
        var start = range.lowerBound
        while found.cost < StoryLimits.examined {
            let batch = try await store.read(streams, in: start...range.upperBound, count: StoryLimits.page)
            found.cost += max(1, batch.events.count)
            found.add(batch.events.filter(found.takes))
            guard batch.isFull, let last = batch.events.last?.id, last < range.upperBound else {
                return range.upperBound
            }
            start = last.successor
        }
        return start
    }

    /// An entity's own events say where the one before stands, however long ago: a mail may be sent hours later.
    /// - Returns: whether there are new ones.
    private func followEntities(_ found: inout StoryFinding) async throws(StoreError) -> Bool {
        var isNew = false
        let events = found.events.values.sorted { $0.id < $1.id }
        for entity in events.map(\.entityKey) where !found.entities.contains(entity) {
            guard found.entities.count < StoryLimits.entities else {
                found.isWhole = false
                break
            }
            found.entities.insert(entity)
            guard let topic = store.topics.first(where: { $0.topic == entity.topic }) else { continue }
            let page = try await store.history(of: topic, entity.id, count: StoryLimits.history)
            if found.add(page.events.filter(found.takes)) { isNew = true }
        }
        return isNew
    }
}
