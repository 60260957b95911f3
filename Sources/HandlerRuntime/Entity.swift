public import EventStore
public import JSON

/// The id of an entity of one kind: ids of different kinds cannot be taken for each other.
public struct ID<E: Entity>: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }

    public var description: String { text }
    public var reference: EntityReference { .id(E.definition.topic, text) }

    public static func < (left: ID, right: ID) -> Bool { left.text < right.text }
    public static func random() -> ID { ID(UUIDText.random()) }
}

/// Something with an id whose state is told by the events of one topic.
public protocol Entity: Sendable, Equatable {
    static var definition: TopicDefinition { get }

    var id: ID<Self> { get }

    /// The sequence that gives the entity its number in the step that appends it; nil where it has one, or needs none.
    /// `NumberSequence.placeholder` must stand in its text then.
    var wantedNumber: NumberSequence? { get }

    /// - Parameter fields: the entity's properties, from a command that was checked or from a stored event.
    init(id: ID<Self>, fields: Fields) throws(Fields.Mismatch)

    /// Writes the properties behind `id`, in the order in which they stand in events and in the cache.
    func write(to writer: inout JSONWriter)
}

extension Entity {
    public static var topic: Topic { definition.topic }

    public var wantedNumber: NumberSequence? { nil }

    /// The form in which its events are written.
    public static var schemaVersion: Int { definition.schemaVersion }

    /// The whole entity as a JSON object, `id` first.
    public var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("id", id.text)
            write(to: &writer)
        }
        return writer.bytes
    }

    /// - Parameter stored: an entity as it stands in an event.
    public init(stored: JSONObject) throws(Fields.Mismatch) {
        let fields = Fields(stored)
        try self.init(id: ID(fields.string("id")), fields: fields)
    }
}

/// Typed reading of an object's members.
public struct Fields: Sendable {
    /// A member that is missing or of another type.
    public struct Mismatch: Error, Sendable {
        public let name: String

        public init(_ name: String) { self.name = name }
    }

    public let object: JSONObject

    public init(_ object: JSONObject) { self.object = object }

    public func string(_ name: String) throws(Mismatch) -> String { try read(name, object[name]?.string) }
    public func number(_ name: String) throws(Mismatch) -> JSONNumber { try read(name, object[name]?.number) }
    public func int64(_ name: String) throws(Mismatch) -> Int64 { try read(name, object[name]?.number?.int64) }
    public func id<E: Entity>(_ name: String) throws(Mismatch) -> ID<E> { ID(try string(name)) }

    public func ids<E: Entity>(_ name: String) throws(Mismatch) -> [ID<E>] {
        var ids: [ID<E>] = []
        for element in try read(name, object[name]?.array) { ids.append(ID(try read(name, element.string))) }
        return ids
    }

    private func read<Value>(_ name: String, _ value: Value?) throws(Mismatch) -> Value {
        guard let value else { throw Mismatch(name) }
        return value
    }
}
