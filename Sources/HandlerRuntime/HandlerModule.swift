public import EventStore
public import JSON

/// One service of the shop: its commands, what it keeps, and what it does when something happens.
///
/// A module is a value that says what there is to call. Which of its commands and reactions run, when, and in what
/// order, is for the runtime: it may be switched off and on at any time while everything else goes on.
public protocol HandlerModule: Sendable {
    /// Unique in the registry; what operators call it.
    var name: String { get }
    /// One sentence for operators.
    var summary: String { get }
    /// The topics whose entities are this module's. Its commands alone append to them, and their entity cache is
    /// kept for it.
    var topics: [TopicDefinition] { get }
    var commands: [CommandDefinition] { get }
    var subscriptions: [Subscription] { get }
    /// Read models that are written with every event of a topic, of this module or another.
    var projections: [Projection] { get }
    /// What it does from time to time.
    var periodicWork: [PeriodicWork] { get }
    /// What it does all the time.
    var standingWork: [StandingWork] { get }
    /// In which order the module's events are handled.
    var ordering: Ordering { get }
    /// Whether it is disabled until somebody enables it.
    var isOffAtFirst: Bool { get }

    /// Called before the module takes its first command or event, and again whenever it is enabled.
    func start() async throws
    /// Called when it is disabled and at the daemon's end, behind its last command and event.
    func stop() async
}

extension HandlerModule {
    public var topics: [TopicDefinition] { [] }
    public var commands: [CommandDefinition] { [] }
    public var subscriptions: [Subscription] { [] }
    public var projections: [Projection] { [] }
    public var periodicWork: [PeriodicWork] { [] }
    public var standingWork: [StandingWork] { [] }
    public var ordering: Ordering { .shop }
    public var isOffAtFirst: Bool { false }
    public func start() async throws {}
    public func stop() async {}
}

/// In which order a module's events are handled. Those of one entity come in their order always.
public enum Ordering: Sendable {
    /// One after the other, in the one order of the shop.
    case shop
    /// Events of different entities at the same time: for reactions that wait for the world outside.
    case entity
}

/// What a module does when something happened.
public struct Subscription: Sendable {
    public typealias Reaction = @Sendable (RecordedEvent, UnitOfWork) async throws -> Void

    public let stream: StreamKey
    let looksAt: @Sendable (JSONObject) -> [EntityReference]
    let reaction: Reaction

    /// - Parameters:
    ///   - looksAt: what the reaction to an entity's event will look at, so that it comes in one round trip for
    ///     many events.
    ///   - reaction: adds its effects to the unit of work. They are committed in one step with the checkpoint, so
    ///     inside Redis they happen exactly once, however often the reaction runs. What it does outside Redis may
    ///     happen again after a crash.
    public init(
        _ topic: Topic, _ action: Action,
        looksAt: @escaping @Sendable (JSONObject) -> [EntityReference] = { _ in [] },
        reaction: @escaping Reaction
    ) {
        stream = StreamKey(topic, action)
        self.looksAt = looksAt
        self.reaction = reaction
    }
}
