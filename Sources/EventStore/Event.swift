public import JSON
public import NIOCore

/// An event that is to be appended. Its id is issued by Redis in the step that appends it.
public struct NewEvent: Sendable {
    public let stream: StreamKey
    public let entityID: String
    /// The event's own name, a UUID: by it a repeated append is found out.
    public let eventID: String
    /// The whole entity as a JSON object, also for `deleted`.
    public let entity: [UInt8]
    /// The entity's state before, for the indexes that must forget it; nil where there was none.
    public let before: [UInt8]?
    /// Fields that stand behind `entity` in the entry.
    public let metadata: [(name: String, value: String)]
    /// Gives the entity its number in this step, where its text has the placeholder.
    public let sequence: NumberSequence?
    /// What stands in indexes for members whose values must not stand there.
    var hashes = MemberHashes()

    public init(
        _ stream: StreamKey, entityID: String, eventID: String = UUIDText.random(), entity: [UInt8],
        before: [UInt8]?, metadata: [(name: String, value: String)] = [], sequence: NumberSequence? = nil
    ) {
        self.stream = stream
        self.entityID = entityID
        self.eventID = eventID
        self.entity = entity
        self.before = before
        self.metadata = metadata
        self.sequence = sequence
    }
}

extension NewEvent {
    func with(entity: [UInt8], before: [UInt8]?) -> NewEvent {
        NewEvent(
            stream, entityID: entityID, eventID: eventID, entity: entity, before: before, metadata: metadata,
            sequence: sequence)
    }
}

/// An event as it stands in its stream.
public struct RecordedEvent: Sendable {
    public let id: EventID
    public let stream: StreamKey
    /// The event's own name, as it came: few ask for it, and every event that is read has one.
    let name: ByteBuffer
    /// The whole entity as JSON text. Decoding is left to whoever needs it.
    public let entity: ByteBuffer
    public let metadata: [(name: String, value: String)]
    /// Whether a later version of this program wrote it, in a form that this one does not know.
    public var isNewer = false
    /// The entity as it stands in the event, where its personal members are sealed there.
    var sealed: ByteBuffer?

    public var isSealed: Bool { sealed != nil }
    /// As caches and indexes are to have it.
    var stored: ByteBuffer { sealed ?? entity }
    var storedObject: JSONObject? { (try? JSONValue(parsing: stored.readableBytesView))?.object }

    /// The event's own name, a UUID.
    public var eventID: String { String(buffer: name) }

    /// The entity, decoded. nil where it is no JSON object: a foreign event that nobody can apply.
    public func decoded() -> JSONObject? {
        (try? JSONValue(parsing: entity.readableBytesView))?.object
    }
}

/// The state of an entity and the event that made it so.
public struct EntityState: Sendable {
    public let id: String
    /// The id of the entity's last event.
    public let revision: EventID
    /// Whether that event is `deleted`.
    public let isDeleted: Bool
    /// The whole entity as JSON text; of a deleted one, as it last was.
    public let entity: ByteBuffer
    /// Whether a later version of this program wrote it, in a form that this one does not know.
    public var isNewer = false
    /// The entity as it stands in the event, where its personal members are sealed there.
    var sealed: ByteBuffer?

    /// As caches and indexes have it.
    public var storedBytes: [UInt8] { Array((sealed ?? entity).readableBytesView) }
    var storedObject: JSONObject? { (try? JSONValue(parsing: (sealed ?? entity).readableBytesView))?.object }

    public var exists: Bool { !isDeleted }
    public var bytes: [UInt8] { Array(entity.readableBytesView) }

    public func decoded() -> JSONObject? {
        (try? JSONValue(parsing: entity.readableBytesView))?.object
    }
}
