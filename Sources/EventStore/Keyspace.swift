/// The names of one shop's keys in Redis.
///
/// The default shop's keys have no prefix; those of the shop `berlin` begin with `{berlin}:`, which Redis takes as
/// the hash tag, so that the whole of a shop lives on one slot of a cluster and its steps stay atomic.
/// Keys that the contract names are the shop's own words; everything that we add begins with `ordershop:`.
public struct Keyspace: Sendable, Hashable {
    public let prefix: String

    /// - Parameter shop: the shop's name, empty for the default shop.
    public init(shop: String) { prefix = shop.isEmpty ? "" : "{\(shop)}:" }

    public func stream(_ stream: StreamKey) -> String { prefix + stream.description }

    /// A hash: stream → the id of the last event that the module has fully handled.
    public func checkpoint(_ module: String) -> String { "\(prefix)checkpoint:\(module)" }

    // MARK: The entity cache

    public func entityIDs(_ topic: Topic) -> String { "\(prefix)\(topic)_ids" }
    public func entity(_ topic: Topic, _ id: String) -> String { "\(prefix)\(topic)_entity:\(id)" }

    /// The list or hash that holds a property which is no scalar.
    public func property(_ topic: Topic, _ property: String, _ id: String) -> String {
        "\(prefix)\(topic)_\(property):\(id)"
    }

    /// A set of topics whose cache was gone and is being built: an end in the middle is found by it.
    var unfinishedCaches: String { "\(prefix)ordershop:unfinished-caches" }

    // MARK: Ours

    /// A string: the last event id that was issued.
    public var clock: String { "\(prefix)ordershop:clock" }

    /// A hash: entity id → its revision (the id of its last event) and that event's action.
    public func revisions(_ topic: Topic) -> String { "\(prefix)ordershop:revisions:\(topic)" }

    /// A hash: module → `disabled`. A module that is not in it is enabled.
    public var modules: String { "\(prefix)ordershop:modules" }

    /// A string with a time to live: the daemon that handles the module's events, and the epoch of its lease.
    public func lease(_ module: String) -> String { "\(prefix)ordershop:lease:\(module)" }

    /// A hash: module → how often its lease has changed hands.
    var epochs: String { "\(prefix)ordershop:epochs" }

    /// A sorted set: daemon → until when it lives for the others, in Unix milliseconds of Redis's clock.
    var daemons: String { "\(prefix)ordershop:daemons" }

    /// A hash: how the module's events are being delivered (`DeliveryStanding`).
    func delivery(_ module: String) -> String { "\(prefix)ordershop:delivery:\(module)" }

    /// A string with a time to live: written to see whether anything can be.
    var probe: String { "\(prefix)ordershop:probe" }

    // MARK: Parked events

    /// A sorted set of event ids: what is parked for the module, in the order of the shop.
    public func parked(_ module: String) -> String { "\(prefix)ordershop:parked:\(module)" }

    /// A sorted set of event ids: what is parked of one entity.
    func parkedQueue(_ module: String, _ entity: EntityKey) -> String { "\(parked(module)):of:\(entity)" }

    /// A hash: why an event is parked.
    func parkedNote(_ module: String, _ event: EventID) -> String { "\(parked(module)):note:\(event)" }

    /// A set of entities whose parked events shall be tried again.
    func parkedRetries(_ module: String) -> String { "\(parked(module)):retries" }

    /// A sorted set of entities whose first parked event is only postponed, by when it is due, in unix milliseconds.
    func parkedDue(_ module: String) -> String { "\(parked(module)):due" }

    /// A set of entities one of whose parked events is being tried again.
    func parkedInHand(_ module: String) -> String { "\(parked(module)):retrying" }

    /// Stands while foreign events are taken in, so that an end in the middle is found and gone on from.
    var adopting: String { "\(prefix)ordershop:adopting" }

    // MARK: Retention

    /// A hash: up to which event the streams are trimmed, and what is left to be done.
    var retention: String { "\(prefix)ordershop:retention" }

    /// A string with a time to live: who trims.
    var retentionLock: String { "\(prefix)ordershop:retention:lock" }

    /// A stream: the id of an entity's first event → the entity. Stands in for the events that were trimmed.
    func snapshot(_ topic: Topic) -> String { "\(prefix)ordershop:snapshot:\(topic)" }

    /// The keys of a topic's snapshot: in use, next; those of entities without a first event (a hash): in use, next.
    func snapshotPairs(_ topic: Topic) -> [String] {
        let (snapshot, unborn) = (snapshot(topic), snapshot(topic) + ":unborn")
        return [snapshot, snapshot + ":next", unborn, unborn + ":next"]
    }

    /// A hash: person → the key that what is known of him is encrypted with. Without it, that is unreadable.
    var personalKeys: String { "\(prefix)ordershop:keys" }
    /// A hash: holder → a secret, which so stands in no event.
    var secrets: String { "\(prefix)ordershop:secrets" }

    /// A string with a time to live: what a command answered to which its client gave a name.
    func answer(_ name: String) -> String { "\(prefix)ordershop:answer:\(name)" }

    /// A string: the shop's key for hashes that entities are looked up by.
    var lookupKey: String { "\(prefix)ordershop:lookup-key" }

    // MARK: Feeds

    /// The keys of one feed.
    struct FeedKeys {
        /// A hash: stream → the last event that is settled, and what else is known of it.
        let state: String
        /// A sorted set of events that are kept back.
        var held: String { state + ":held" }
        /// A sorted set of events whose ends are known, by when that was.
        var log: String { state + ":log" }
        /// A hash: event → what is known of it.
        var records: String { state + ":records" }
        /// A sorted set of events that are to be told once more.
        var wishes: String { state + ":wishes" }
    }

    func feed(_ name: String) -> FeedKeys { FeedKeys(state: "\(prefix)ordershop:feed:\(name)") }

    // MARK: Read models

    /// A hash: read model → the version in which it is whole.
    var readModels: String { "\(prefix)ordershop:read-models" }

    /// A sorted set: members in the order of their values.
    public func ranking(_ name: String) -> String { "\(prefix)ordershop:ranking:\(name)" }

    /// A string: the last number of the sequence that was issued.
    public func sequence(_ sequence: NumberSequence) -> String { "\(prefix)ordershop:sequence:\(sequence.name)" }

    /// A hash: value → the one entity that has it.
    public func unique(_ index: UniqueIndex) -> String { "\(prefix)ordershop:unique:\(index.name)" }

    /// A sorted set of entity ids in the order in which they came into it.
    public func index(_ name: String, _ value: String) -> String {
        value.isEmpty ? "\(prefix)ordershop:index:\(name)" : "\(prefix)ordershop:index:\(name):\(value)"
    }
}

/// A property whose value at most one entity may have.
public struct UniqueIndex: Sendable, Hashable {
    public let name: String
    public let topic: Topic
    /// The member of the entity that has the value.
    public let property: String

    public init(_ topic: Topic, _ property: String) {
        self.topic = topic
        self.property = property
        name = "\(topic).\(property)"
    }
}
