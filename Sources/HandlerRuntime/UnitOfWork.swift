public import EventStore
public import JSON
import NIOCore

/// What one command, or one batch of reactions, reads and decides: appended in one atomic step, or not at all.
///
/// It notes the revision of every entity that it loads and expects it when it commits, so a decision never rests on
/// a state that is no longer so. What was decided in it is seen by later loads in it.
/// Not Sendable: one task works with it.
public final class UnitOfWork {
    private struct Key: Hashable {
        let topic: Topic
        let id: String
    }

    private struct Tracked {
        /// What the store had; nil: no such entity.
        let revision: EventID?
        var state: [UInt8]?
    }

    private let store: Store
    private let call: Call
    private var tracked: [Key: Tracked] = [:]
    private var holders: [EntityReference: String?] = [:]
    /// What was looked at without resting a decision on it.
    private var glimpses: [Key: EntityState?] = [:]
    private var vacancies: [Expectation] = []
    private(set) var events: [NewEvent] = []
    /// The modules whose commands take part are not disabled under it.
    private var passes: [Gates.Pass] = []
    /// The event that is reacted to: what is appended says that it came of it.
    var cause: EventID?

    /// How a module's code calls a command of another module, within the same step.
    typealias Call = (String, JSONObject, UnitOfWork) async throws(Refusal) -> JSONValue

    init(store: Store, call: @escaping Call) {
        self.store = store
        self.call = call
    }

    func keep(_ pass: Gates.Pass) { passes.append(pass) }

    var isEmpty: Bool { events.isEmpty }
    /// The entities that it changes: what a competing unit would have to wait for.
    var changed: Set<String> { Set(events.map { "\($0.stream.topic):\($0.entityID)" }) }
    var streams: Set<StreamKey> { Set(events.map(\.stream)) }

    func transaction(checkpoint: CheckpointMove? = nil) -> Transaction {
        let revisions = tracked.map { Expectation.revision($0.key.topic, id: $0.key.id, $0.value.revision) }
        return Transaction(expectations: revisions + vacancies, events: events, checkpoint: checkpoint)
    }

    // MARK: Reading

    /// Loads what will be asked for, all in one round trip.
    public func prefetch(_ references: [EntityReference]) async throws(Refusal) {
        for reference in references where !isKnown(reference) {
            guard case .id(let topic, let id) = reference else { continue }
            if let glimpse = glimpses[Key(topic: topic, id: id)] { note(reference, glimpse) }
        }
        let missing = Array(Set(references.filter { !isKnown($0) }))
        let states: [EntityState?]
        do { states = try await store.load(missing) } catch { throw Refusal(error) }
        for (reference, state) in zip(missing, states) { note(reference, state) }
    }

    /// The entity as it is now, nil where there is none.
    public func find<E: Entity>(_ id: ID<E>) async throws(Refusal) -> E? {
        try await prefetch([id.reference])
        return try entity(Key(topic: E.topic, id: id.text))
    }

    /// The one entity that has a value, nil where none has it.
    public func find<E: Entity>(_ type: E.Type, by index: UniqueIndex, _ value: String) async throws(Refusal) -> E?
    {
        let reference = EntityReference.unique(index, value)
        try await prefetch([reference])
        guard let holder = holders[reference] ?? nil else { return nil }
        return try entity(Key(topic: E.topic, id: holder))
    }

    private func isKnown(_ reference: EntityReference) -> Bool {
        switch reference {
        case .id(let topic, let id): tracked[Key(topic: topic, id: id)] != nil
        case .unique: holders[reference] != nil
        }
    }

    private func note(_ reference: EntityReference, _ state: EntityState?) {
        let found = state.flatMap { $0.exists ? $0 : nil }
        switch reference {
        case .id(let topic, let id): note(Key(topic: topic, id: id), found)
        case .unique(let index, _):
            holders[reference] = .some(found?.id)
            if let found { note(Key(topic: index.topic, id: found.id), found) }
        }
    }

    private func note(_ key: Key, _ state: EntityState?) {
        guard tracked[key] == nil else { return }
        tracked[key] = Tracked(revision: state?.revision, state: state?.bytes)
    }

    private func entity<E: Entity>(_ key: Key) throws(Refusal) -> E? {
        guard let state = tracked[key]?.state else { return nil }
        return try decode(state, key)
    }

    private func decode<E: Entity>(_ state: some Collection<UInt8>, _ key: Key) throws(Refusal) -> E {
        do {
            guard let object = try JSONValue(parsing: state).object else { throw Fields.Mismatch(name: "") }
            return try E(stored: object)
        } catch {
            throw Refusal(.internalError, "the stored \(key.topic) \(key.id) cannot be read: \(error)")
        }
    }

    // MARK: Looking

    /// Loads what will be looked at, all in one round trip.
    public func glimpse(_ references: [EntityReference]) async throws(Refusal) {
        var missing: Set<Key> = []
        for case .id(let topic, let id) in references where glimpses[Key(topic: topic, id: id)] == nil {
            missing.insert(Key(topic: topic, id: id))
        }
        let keys = Array(missing)
        let states: [EntityState?]
        do { states = try await store.load(keys.map { .id($0.topic, $0.id) }) } catch { throw Refusal(error) }
        for (key, state) in zip(keys, states) { glimpses[key] = .some(state) }
    }

    /// The entity for reading only: the step does not depend on its staying as it is.
    public func look<E: Entity>(at id: ID<E>) async throws(Refusal) -> E? {
        guard let state = try await glimpse(id), state.exists else { return nil }
        return try decode(state.entity.readableBytesView, Key(topic: E.topic, id: id.text))
    }

    /// The entity as it last was, even if it was deleted; nil where there never was one.
    public func last<E: Entity>(_ id: ID<E>) async throws(Refusal) -> E? {
        guard let state = try await glimpse(id) else { return nil }
        return try decode(state.entity.readableBytesView, Key(topic: E.topic, id: id.text))
    }

    private func glimpse<E: Entity>(_ id: ID<E>) async throws(Refusal) -> EntityState? {
        try await glimpse([id.reference])
        return glimpses[Key(topic: E.topic, id: id.text)] ?? nil
    }

    /// The ids that were in an index before an event, in the order in which they came into it.
    public func ids(in index: String, value: String, before event: EventID) async throws(Refusal) -> [String] {
        var ids: [String] = []
        var place: UInt64? = 0
        while let start = place {
            let page: IndexPage
            do {
                page = try await store.page(of: index, value: value, after: start, before: event, count: 1_000)
            } catch { throw Refusal(error) }
            ids += page.ids
            place = page.next
        }
        return ids
    }

    // MARK: Deciding

    /// Adds an event about an entity. For a new one (of a random id) nothing needs to have been loaded.
    public func append<E: Entity>(_ action: Action, _ entity: E) {
        let key = Key(topic: E.topic, id: entity.id.text)
        // Whoever changes what he only looked at rests on it after all.
        if let glimpse = glimpses[key] { note(entity.id.reference, glimpse) }
        let before = tracked[key]?.state
        let json = entity.json
        events.append(
            NewEvent(
                StreamKey(E.topic, action), entityID: key.id, entity: json, before: before,
                metadata: cause.map { [("cause", $0.description)] } ?? []))
        let revision = tracked[key]?.revision
        tracked[key] = Tracked(revision: revision, state: action == .deleted ? nil : json)
    }

    public func create<E: Entity>(_ entity: E) { append(E.definition.birth, entity) }
    public func update<E: Entity>(_ entity: E) { append(.updated, entity) }
    public func delete<E: Entity>(_ entity: E) { append(.deleted, entity) }

    /// Makes sure, until the step is done, that no other entity has the value, and takes it for this one.
    /// - Returns: the id of the entity that has it already; nil: it is taken now.
    public func claim<E: Entity>(
        _ index: UniqueIndex, _ value: String, for id: ID<E>
    ) async throws(Refusal) -> String? {
        let reference = EntityReference.unique(index, value)
        try await prefetch([reference])
        if let holder = holders[reference] ?? nil { return holder == id.text ? nil : holder }
        holders[reference] = id.text
        vacancies.append(.vacant(index, value: value))
        return nil
    }

    /// Calls a command of any module as a part of this step: it happens with it, or not at all.
    public func call(_ method: String, _ parameters: JSONObject) async throws(Refusal) -> JSONValue {
        try await call(method, parameters, self)
    }
}

extension Refusal {
    init(_ error: StoreError) {
        switch error.code {
        case .outcomeUnknown, .cancelled: self.init(.outcomeUnknown, error.message, retryAfter: .seconds(1))
        case .unavailable:
            self.init(.unavailable, "Redis cannot do this now: \(error.message)", retryAfter: .seconds(1))
        case .unexpectedReply, .foreignKey: self.init(.internalError, error.message)
        }
    }
}
