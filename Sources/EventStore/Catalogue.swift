import JSON

/// What the store must know of the modules that use it: the topics there are, who keeps what of them.
public struct Catalogue: Sendable {
    public let topics: [TopicDefinition]
    /// Which module handles which streams.
    let handlers: [String: [StreamKey]]
    private let projections: [Topic: [Projection]]
    private let inlineOwners: [StreamKey: String]
    /// Topics whose entities have had another form before.
    let evolved: [Topic: TopicDefinition]
    /// Topics whose entities tell of persons.
    let personal: [Topic: PersonalMembers]
    /// The read models that are kept here, and of which version.
    let readModels: [String: String]
    /// Those that rest on hashes under the shop's key.
    let keyedReadModels: Set<String>

    /// - Parameters:
    ///   - projections: read models to write with every event, whichever module appends it.
    ///   - handlers: the streams that each module handles.
    ///   - inlineOwners: streams whose one handler has nothing to do for an event but keep its cache. The module's
    ///     checkpoint then goes along in the step that appends.
    public init(
        topics: [TopicDefinition], projections: [Projection] = [], handlers: [String: [StreamKey]] = [:],
        inlineOwners: [StreamKey: String] = [:]
    ) {
        self.topics = topics
        personal = Dictionary(topics.compactMap { topic in topic.personal.map { (topic.topic, $0) } }) { $1 }
        evolved = Dictionary(topics.filter { !$0.upcasters.isEmpty }.map { ($0.topic, $0) }) { $1 }
        self.handlers = handlers
        self.projections = Dictionary(grouping: projections, by: \.topic)
        readModels = Dictionary(projections.map { ($0.name, $0.version) }) { max($0, $1) }
        keyedReadModels = Set(projections.filter(\.isKeyed).map(\.name))
        self.inlineOwners = inlineOwners
    }

    public var streams: [StreamKey] { topics.flatMap(\.streams) }

    public func definition(of topic: Topic) -> TopicDefinition? { topics.first { $0.topic == topic } }

    /// Topics that read models follow from.
    /// - Parameter names: nil: any read models.
    func projectedTopics(_ names: Set<String>? = nil) -> [TopicDefinition] {
        topics.filter { topic in projections[topic.topic]?.contains { names?.contains($0.name) ?? true } ?? false }
    }

    func inlineOwner(of stream: StreamKey) -> String? { inlineOwners[stream] }

    func writes(for change: EntityChange) -> [ReadModelWrite] {
        (projections[change.stream.topic] ?? []).flatMap { $0.writes(change) }
    }

    /// Those to some of the read models only; nil: to all.
    func writes(for change: EntityChange, to names: Set<String>?) -> [ReadModelWrite] {
        guard let names else { return writes(for: change) }
        return (projections[change.stream.topic] ?? []).filter { names.contains($0.name) }
            .flatMap { $0.writes(change) }
    }

    /// What follows from an entity of a snapshot, whose events are gone: as if it had come to be as it last was. Of a
    /// deleted one no more is left than that its number is used.
    func writes(
        for state: EntityState, of stream: StreamKey, to names: Set<String>? = nil, hashes: [String: String] = [:]
    ) -> [ReadModelWrite] {
        var change = EntityChange(stream: stream, id: state.id, before: nil, after: state.storedObject)
        change.hashes.after = hashes
        let writes = writes(for: change, to: names)
        return state.exists ? writes : writes.filter(\.isReach)
    }
}

extension EntityChange {
    /// The change that an event makes. An entity that is no JSON object is left out of every read model.
    init(_ event: NewEvent) {
        let after = event.stream.action == .deleted ? nil : (try? JSONValue(parsing: event.entity))?.object
        let before = event.before.flatMap { (try? JSONValue(parsing: $0))?.object }
        self.init(stream: event.stream, id: event.entityID, before: before, after: after)
        hashes = event.hashes
    }
}
