import EventStore
import HandlerRuntime
import JSON

/// Which events are asked for.
struct EventFilter: Sendable {
    let streams: [StreamKey]
    let entity: String?
    let correlation: String?

    static let fields = [
        Field("topic", Schema.line(1...100).example("customer"), required: false, "only of this topic"),
        Field("action", Schema.line(1...100).example("created"), required: false, "only of this action"),
        Field("entity", .entityKey, required: false, "only of one entity, as TOPIC:ID"),
        Field(
            "correlation", .line(1...200).example("7Gm2xQ0aZb1T"), required: false, "only what came of one command"),
    ]

    /// - Throws: where nothing can be meant by it.
    init(_ parameters: JSONObject, _ store: Store) throws(Refusal) {
        let key = parameters["entity"]?.string.flatMap { EntityKey($0) }
        let topic = parameters["topic"]?.string ?? key?.topic.name
        let action = parameters["action"]?.string
        let all = store.topics.flatMap(\.streams)
        streams = all.filter { stream in
            (topic ?? stream.topic.name) == stream.topic.name
                && (action ?? stream.action.name) == stream.action.name
        }
        entity = key?.id
        correlation = parameters["correlation"]?.string
        guard streams.isEmpty else { return }
        let known = all.map { "\($0.topic) \($0.action)" }.joined(separator: ", ")
        throw Refusal([Violation("", "names no stream that there is: \(known)")])
    }

    func takes(_ event: RecordedEvent) -> Bool {
        (correlation.map { event.correlation == $0 } ?? true) && (entity.map { event.entityKey.id == $0 } ?? true)
    }
}

/// Reads what happened, for people: page by page, never the whole at once.
struct History: Sendable {
    let store: Store
    private static let page = 500

    /// The first events behind a place.
    func next(
        _ filter: EventFilter, after: EventID?, before: EventID?, count: Int
    ) async throws(Refusal) -> [RecordedEvent] {
        var positions = Dictionary(filter.streams.map { ($0, after ?? .zero) }) { $1 }
        var found: [RecordedEvent] = []
        while true {
            let batch = try await read(filter.streams, after: positions)
            for event in batch.events where filter.takes(event) {
                if let before, event.id > before { return found }
                found.append(event)
                if found.count == count { return found }
            }
            let isPast = before.map { end in batch.events.last.map { $0.id > end } ?? true } ?? false
            if !batch.isFull || isPast { return found }
            positions = batch.positions
        }
    }

    /// The last events up to a place.
    func last(
        _ filter: EventFilter, after: EventID?, before: EventID?, count: Int
    ) async throws(Refusal) -> [RecordedEvent] {
        var end = before
        var found: [RecordedEvent] = []
        while found.count < count {
            let page: [RecordedEvent]
            do { page = try await store.last(of: filter.streams, before: end, count: Self.page) } catch {
                throw Refusal(error)
            }
            for event in page.reversed()
            where found.count < count && filter.takes(event) && event.id > after ?? .zero {
                found.append(event)
            }
            guard page.count == Self.page, let first = page.first, first.id > after ?? .zero else { break }
            end = first.id.predecessor
        }
        return found.reversed()
    }

    private func read(
        _ streams: [StreamKey], after positions: [StreamKey: EventID]
    ) async throws(Refusal) -> EventBatch {
        do { return try await store.read(streams, after: positions, count: Self.page) } catch {
            throw Refusal(error)
        }
    }
}
