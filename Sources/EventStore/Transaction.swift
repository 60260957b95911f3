/// What must still be so at the moment of appending.
public enum Expectation: Sendable, Hashable {
    /// The entity's last event is this one; nil: there is no such entity, or it was deleted.
    case revision(Topic, id: String, EventID?)
    /// No entity has this value.
    case vacant(UniqueIndex, value: String)
    /// A key is there, or is not.
    case exists(key: String, Bool)
    /// An event stands in its stream.
    case recorded(EventID, in: StreamKey)
}

/// How far a module has handled its streams, moved together with the effects of the events in between.
public struct CheckpointMove: Sendable {
    public let module: String
    /// The lease under which the events were handled; the move is refused when there is another by now.
    public let lease: Lease
    /// For each stream: where the checkpoint must stand (nil: nowhere yet), and where it goes: to an event that the
    /// stream has.
    public var positions: [(stream: StreamKey, from: EventID?, to: EventID)]

    public init(module: String, lease: Lease, positions: [(stream: StreamKey, from: EventID?, to: EventID)]) {
        self.module = module
        self.lease = lease
        self.positions = positions
    }
}

/// One atomic step: all of it or nothing.
public struct Transaction: Sendable {
    public var expectations: [Expectation] = []
    public var events: [NewEvent] = []
    public var checkpoint: CheckpointMove?
    /// Events that stand in a stream already and that no revision knows of, as another program wrote them.
    var adopted: [(RecordedEvent, NewEvent)] = []
    /// Commands that must succeed, or else nothing of the transaction is done: what is kept beside the events.
    var records: [[String]] = []
    /// Persons whose keys are destroyed with it.
    public var destroyedKeys: [String] = []
    /// Writes to read models that belong to no event.
    var writes: [ReadModelWrite] = []

    public init(expectations: [Expectation] = [], events: [NewEvent] = [], checkpoint: CheckpointMove? = nil) {
        self.expectations = expectations
        self.events = events
        self.checkpoint = checkpoint
    }
}

/// What became of a transaction.
public enum TransactionOutcome: Sendable, Equatable {
    /// The ids that were issued, in the order of the events.
    case committed([EventID])
    /// An expectation no longer holds. Nothing was written: decide again on fresh state.
    case conflict(Conflict)

    public enum Conflict: Sendable, Hashable {
        /// The entity has another revision by now (nil: it is gone or never was).
        case revision(Topic, id: String, actual: EventID?)
        /// Another entity has the value.
        case taken(UniqueIndex, value: String, by: String)
        /// A key is there that must not be, or the other way around.
        case presence(key: String)
        /// The module's lease is another by now; nil: nobody has it.
        case fenced(by: Lease?)
        /// The module's checkpoint is not where this step began, or the stream lacks the event that it should go to:
        /// Redis has lost it since it was read.
        case checkpoint(StreamKey, actual: EventID?)
    }
}
