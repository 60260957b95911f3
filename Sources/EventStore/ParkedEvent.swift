import JSON

/// What parked events are kept in order by.
public struct EntityKey: Sendable, Hashable, CustomStringConvertible {
    public let topic: Topic
    public let id: String

    public init(topic: Topic, id: String) {
        self.topic = topic
        self.id = id
    }

    /// Reads `TOPIC:ID`.
    public init?(_ text: some StringProtocol) {
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else { return nil }
        self.init(topic: Topic(String(text[..<colon])), id: String(text[text.index(after: colon)...]))
    }

    public var description: String { "\(topic):\(id)" }
}

extension RecordedEvent {
    /// The entity that the event is about; of an event that cannot be read, one of its own.
    public var entityKey: EntityKey {
        EntityKey(topic: stream.topic, id: decoded()?["id"]?.string ?? id.description)
    }
}

/// An event that a module could not handle, or that waits behind one of the same entity.
public struct ParkedEvent: Sendable, Equatable {
    public let id: EventID
    public let stream: StreamKey
    public let entity: EntityKey
    /// Why it could not be handled; nil: it was not tried, as it waits behind another.
    public var reason: String?
    /// How often it was tried.
    public var tries: Int
    /// Unix times in seconds: when it was parked first, and when it was tried last.
    public var parkedAt: Int64
    public var triedAt: Int64?
    /// When it is tried again by itself, in unix milliseconds; nil: when somebody asks for it.
    public var dueAt: Int64?

    public init(
        id: EventID, stream: StreamKey, entity: EntityKey, reason: String?, tries: Int, parkedAt: Int64,
        triedAt: Int64?, dueAt: Int64? = nil
    ) {
        self.id = id
        self.stream = stream
        self.entity = entity
        self.reason = reason
        self.tries = tries
        self.parkedAt = parkedAt
        self.triedAt = triedAt
        self.dueAt = dueAt
    }
}
