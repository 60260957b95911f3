import EventStore
import HandlerRuntime
import JSON

/// Which events a client of `/events` asks for.
struct EventSelection: Sendable {
    let streams: [StreamKey]
    private let isOneOf: Set<StreamKey>
    /// Empty: of any.
    private let entities: Set<EntityKey>

    /// - Throws: where nothing can be meant by it.
    init(topics: [String], actions: [String], entities: [String], _ store: Store) throws(Refusal) {
        let keys = entities.map { EntityKey($0) }
        guard let keys = keys as? [EntityKey] else {
            throw Refusal([Violation("/entity", "must be entities as TOPIC:ID, separated by commas")])
        }
        let all = store.topics.flatMap(\.streams)
        let ofEntities = Set(keys.map(\.topic))
        streams = all.filter { stream in
            (topics.isEmpty || topics.contains(stream.topic.name))
                && (actions.isEmpty || actions.contains(stream.action.name))
                && (ofEntities.isEmpty || ofEntities.contains(stream.topic))
        }
        isOneOf = Set(streams)
        self.entities = Set(keys)
        try Self.check("/topic", topics, among: Set(all.map(\.topic.name)))
        try Self.check("/topic", ofEntities.map(\.name), among: Set(all.map(\.topic.name)))
        try Self.check("/action", actions, among: Set(all.map(\.action.name)))
        guard streams.isEmpty else { return }
        let known = all.map { "\($0.topic) \($0.action)" }.joined(separator: ", ")
        throw Refusal([Violation("", "names no stream that there is: \(known)")])
    }

    func takes(_ event: ToldEvent) -> Bool {
        isOneOf.contains(event.stream) && (entities.isEmpty || entities.contains(event.entity))
    }

    private static func check(
        _ pointer: String, _ names: [String], among known: Set<String>
    ) throws(Refusal) {
        guard let unknown = names.first(where: { !known.contains($0) }) else { return }
        let list = known.sorted().joined(separator: ", ")
        throw Refusal([Violation(pointer, "must be among \(list), which \(JSONValue.string(unknown).text) is not")])
    }
}
