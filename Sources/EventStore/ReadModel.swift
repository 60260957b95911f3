public import JSON

/// What one event did to one entity, for whoever keeps a read model of it.
public struct EntityChange: Sendable {
    public let stream: StreamKey
    public let id: String
    /// The entity before the event; nil where there was none.
    public let before: JSONObject?
    /// The entity after it; nil where the event deleted it.
    public let after: JSONObject?
    /// What stands in indexes for members whose values must not stand there.
    var hashes = MemberHashes()

    public init(stream: StreamKey, id: String, before: JSONObject?, after: JSONObject?) {
        self.stream = stream
        self.id = id
        self.before = before
        self.after = after
    }
}

/// A read model that is written in the step that appends the event, so that it never lags.
///
/// It must be a pure function of the change: the same writes come again when read models are rebuilt.
public struct Projection: Sendable {
    public let topic: Topic
    /// The read model's name: that of the index it writes to. Several projections may write to one, of several topics.
    public let name: String
    /// Which state of this code the read model is of. The shop notes it, and builds the read model anew where it is
    /// another: so change it whenever what is written changes. "1" is what shops of before there were notes have.
    public let version: String
    /// Whether it rests on hashes under the shop's key.
    var isKeyed = false
    let writes: @Sendable (EntityChange) -> [ReadModelWrite]

    public init(
        of topic: Topic, named name: String? = nil, version: String = "1",
        writes: @escaping @Sendable (EntityChange) -> [ReadModelWrite]
    ) {
        self.topic = topic
        self.name = name ?? topic.name
        self.version = version
        self.writes = writes
    }
}

/// One write to a read model.
public enum ReadModelWrite: Sendable, Hashable {
    /// Puts an entity into an index, behind those that are in it. `value` is empty for an index of one list.
    case add(index: String, value: String = "", id: String)
    case remove(index: String, value: String = "", id: String)
    /// Gives a member its place in a ranking, from wherever it stands in it.
    case rank(in: String, by: UInt64, member: String)
    case unrank(in: String, member: String)
    /// Notes that this entity has the value. Whether it is free is for an expectation to say.
    case claim(UniqueIndex, value: String, id: String)
    case release(UniqueIndex, value: String)
    /// Notes that the number is used: the sequence goes on behind it. It never goes back.
    case reach(NumberSequence, number: String)
    /// A plain Redis command.
    case command([String])
}

extension ReadModelWrite {
    var isReach: Bool {
        switch self {
        case .reach: true
        case .add, .remove, .rank, .unrank, .claim, .release, .command: false
        }
    }
}

extension Projection {
    /// The index `TOPIC.PROPERTY`: which entities have a value, for a scalar or a list of scalars.
    public static func index(of topic: Topic, by property: String) -> Projection {
        let name = "\(topic).\(property)"
        return Projection(of: topic, named: name) { change in
            let old = Set(values(change.before?[property]))
            let new = Set(values(change.after?[property]))
            return old.subtracting(new).sorted().map { .remove(index: name, value: $0, id: change.id) }
                + new.subtracting(old).sorted().map { .add(index: name, value: $0, id: change.id) }
        }
    }

    /// The index `TOPIC.ever.PROPERTY`: which entities have, or ever had, a value. Nothing is taken out of it, also not
    /// what is deleted: it stands in the events still.
    public static func ever(_ topic: Topic, of property: String) -> Projection {
        let name = everIndex(topic, of: property)
        return Projection(of: topic, named: name) { change in
            Set(values(change.after?[property])).subtracting(values(change.before?[property])).sorted()
                .map { .add(index: name, value: $0, id: change.id) }
        }
    }

    public static func everIndex(_ topic: Topic, of property: String) -> String { "\(topic).ever.\(property)" }

    /// The unique index `TOPIC.PROPERTY`: the one entity that has a value.
    public static func unique(_ index: UniqueIndex) -> Projection {
        Projection(of: index.topic, named: index.name) { change in
            let old = index.value(in: change.before)
            let new = index.value(in: change.after)
            if old == new { return [] }
            return (old.map { [.release(index, value: $0)] } ?? [])
                + (new.map { [.claim(index, value: $0, id: change.id)] } ?? [])
        }
    }

    /// The index `TOPIC.PROPERTY` of a member that its topic wants hashed (`PersonalMembers.hashed`): which entities have
    /// a value, by its hash under the shop's key.
    public static func hashed(_ topic: Topic, by property: String, version: String = "1") -> Projection {
        let name = "\(topic).\(property)"
        var projection = Projection(of: topic, named: name, version: version) { change in
            let (old, new) = (change.hashes.before[property], change.hashes.after[property])
            if old == new { return [] }
            return (old.map { [.remove(index: name, value: $0, id: change.id)] } ?? [])
                + (new.map { [.add(index: name, value: $0, id: change.id)] } ?? [])
        }
        projection.isKeyed = true
        return projection
    }

    fileprivate static func values(_ value: JSONValue?) -> [String] {
        switch value {
        case .string(let text): [text]
        case .number(let number): [number.text]
        case .array(let elements): elements.flatMap { values($0) }
        case .bool, .null, .object, nil: []
        }
    }
}

extension UniqueIndex {
    /// What it holds of an entity.
    func value(in entity: JSONObject?) -> String? { Projection.values(entity?[property]).first }
}
