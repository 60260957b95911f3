public import EventStore
public import JSON
import NIOCore
import Tracing

/// What one command, or one batch of reactions, reads and decides: appended in one atomic step, or not at all.
///
/// It notes the revision of every entity that it loads and expects it when it commits, so a decision never rests on
/// a state that is no longer so. What was decided in it is seen by later loads in it.
/// Not Sendable: one task works with it.
public final class UnitOfWork {
    private typealias Key = EntityKey

    private struct Tracked {
        /// What the store had; nil: no such entity.
        let revision: EventID?
        var state: [UInt8]?
        /// The same as it stands in the event, where personal members are sealed there.
        var stored: [UInt8]?
        /// In a form that this program does not know.
        var isNewer = false
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
    private(set) var passes: [Gates.Pass] = []
    /// Where the command comes from, if this is one.
    var origin = Origin.unknown
    /// What the client expects of the entity that its command is about.
    private var expected: [EventID]?
    /// The entity that the command is about: the first that it looked up by its `id`.
    private var subject: Key?
    /// Whether it may decide on states as they were known last, without asking for them. Nothing but what is appended
    /// may come of it then: that they are still so is checked with that, and with nothing else.
    var recalls = false
    private(set) var hasRecalled = false
    /// The event that is reacted to, if this is no command.
    var delivery: EventInDelivery?
    private(set) var outsideEffects: [String: Int] = [:]
    /// What stood before the changes since the last savepoint, youngest last.
    private var undo: [Undo] = []

    /// How a module's code calls a command of another module, within the same step.
    typealias Call = (String, JSONObject, UnitOfWork) async throws(Refusal) -> JSONValue

    init(store: Store, call: @escaping Call) {
        self.store = store
        self.call = call
    }

    func keep(_ pass: Gates.Pass) { passes.append(pass) }

    /// What follows is decided for this command.
    func begin(by origin: Origin, on terms: Terms) {
        self.origin = origin
        expected = terms.expected
        subject = nil
    }

    var isEmpty: Bool { events.isEmpty && destroyedKeys.isEmpty && notes.isEmpty }
    /// Persons whose keys are destroyed in this step.
    private var destroyedKeys: [String] = []
    /// What a command has noted beside the events.
    private var notes: [(inout Transaction) -> Void] = []
    /// The entities that it changes: what a competing unit would have to wait for.
    var changed: Set<EntityKey> {
        Set(events.map { EntityKey(topic: $0.stream.topic, id: $0.entityID) })
    }
    var streams: Set<StreamKey> { Set(events.map(\.stream)) }

    var expectations: [Expectation] {
        tracked.map { Expectation.revision($0.key.topic, id: $0.key.id, $0.value.revision) } + vacancies
    }

    var transaction: Transaction {
        var transaction = Transaction(expectations: expectations, events: events)
        transaction.destroyedKeys = destroyedKeys
        for note in notes { note(&transaction) }
        return transaction
    }

    // MARK: Taking back

    private enum Undo {
        case tracked(Key, Tracked?)
        case holder(EntityReference, String??)
    }

    /// What was decided up to here, to go back to.
    struct Savepoint {
        fileprivate let events: Int
        fileprivate let vacancies: Int
        fileprivate let passes: Int
        fileprivate let destroyedKeys: Int
        fileprivate let notes: Int
        fileprivate let outsideEffects: [String: Int]
    }

    /// Whether there is a savepoint to go back to.
    private var isUndoable = false

    /// What follows can be taken back to here, until the next savepoint.
    func savepoint() -> Savepoint {
        undo.removeAll(keepingCapacity: true)
        isUndoable = true
        return Savepoint(
            events: events.count, vacancies: vacancies.count, passes: passes.count,
            destroyedKeys: destroyedKeys.count, notes: notes.count, outsideEffects: outsideEffects)
    }

    /// Takes back what was decided since. What was done outside Redis stays done.
    func rollBack(to savepoint: Savepoint) {
        for step in undo.reversed() {
            switch step {
            case .tracked(let key, let before): tracked[key] = before
            case .holder(let reference, let before): holders[reference] = before
            }
        }
        undo.removeAll(keepingCapacity: true)
        events.removeSubrange(savepoint.events...)
        vacancies.removeSubrange(savepoint.vacancies...)
        passes.removeSubrange(savepoint.passes...)
        destroyedKeys.removeSubrange(savepoint.destroyedKeys...)
        notes.removeSubrange(savepoint.notes...)
        outsideEffects = savepoint.outsideEffects
    }

    private func track(_ key: Key, _ value: Tracked) {
        if isUndoable { undo.append(.tracked(key, tracked[key])) }
        tracked[key] = value
    }

    private func hold(_ reference: EntityReference, _ holder: String?) {
        if isUndoable { undo.append(.holder(reference, holders[reference])) }
        holders[reference] = .some(holder)
    }

    // MARK: Reading

    /// Loads what will be asked for, all in one round trip.
    public func prefetch(_ references: [EntityReference]) async throws(Refusal) {
        for reference in references where !isKnown(reference) {
            guard case .id(let topic, let id) = reference else { continue }
            if let glimpse = glimpses[Key(topic: topic, id: id)] { note(reference, glimpse) }
        }
        var missing = Array(Set(references.filter { !isKnown($0) }))
        if recalls { recall(&missing) }
        if missing.isEmpty { return }
        let states: [EntityState?]
        do {
            states = try await delivery == nil ? store.loadForDeciding(missing) : store.load(missing)
        } catch { throw Refusal(error) }
        for (reference, state) in zip(missing, states) { note(reference, state) }
    }

    /// Takes what is remembered out of what is missing.
    private func recall(_ missing: inout [EntityReference]) {
        var unknown: [EntityReference] = []
        for (reference, state) in zip(missing, store.recall(missing)) {
            if let state { note(reference, state) } else { unknown.append(reference) }
        }
        if unknown.count < missing.count { hasRecalled = true }
        missing = unknown
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
            hold(reference, found?.id)
            if let found { note(Key(topic: index.topic, id: found.id), found) }
        }
    }

    private func note(_ key: Key, _ state: EntityState?) {
        guard tracked[key] == nil else { return }
        track(
            key,
            Tracked(
                revision: state?.revision, state: state?.bytes, stored: state?.storedBytes,
                isNewer: state?.isNewer ?? false))
    }

    private func entity<E: Entity>(_ key: Key) throws(Refusal) -> E? {
        guard let known = tracked[key], let state = known.state else { return nil }
        if known.isNewer { throw .newerForm(of: key.topic, key.id, known: E.schemaVersion) }
        return try decode(state, key)
    }

    private func decode<E: Entity>(_ state: some Collection<UInt8>, _ key: Key) throws(Refusal) -> E {
        do {
            guard let object = try JSONValue(parsing: state).object else { throw Fields.Mismatch("") }
            return try E(stored: object)
        } catch {
            throw Refusal(.internalError, "the stored \(key.topic) \(key.id) cannot be read: \(error)")
        }
    }

    // MARK: What the command is about

    /// Notes the entity that a command is about, which was looked up before.
    /// - Throws: where it is not as the client expects it.
    public func meet<E: Entity>(_ id: ID<E>) throws(Refusal) {
        guard subject == nil, delivery == nil else { return }
        let key = Key(topic: E.topic, id: id.text)
        subject = key
        guard let expected, let actual = tracked[key]?.revision, !expected.contains(actual) else { return }
        throw Refusal(
            .revisionMismatch,
            "the \(E.topic) \(id) was changed meanwhile: it is at \(actual), not at "
                + expected.map(\.description).joined(separator: " or ") + ". Read it again, and decide anew",
            details: JSONObject([
                ("entity", .string("\(E.topic):\(id)")),
                ("expected", .array(expected.map { .string($0.description) })),
                ("actual", .string(actual.description)),
            ]))
    }

    /// Whether the client expects something of an entity that nobody has looked up.
    var isExpectationUnmet: Bool { expected != nil && subject == nil }

    /// What was decided up to here, and what the command was about.
    struct Mark {
        fileprivate let subject: EntityKey?
        fileprivate let events: Int
    }

    var mark: Mark { Mark(subject: subject, events: events.count) }

    /// What the entity that a command was about is at behind what was decided for it.
    /// - Parameter ids: of the unit's events, as they were issued.
    func revision(at mark: Mark, after ids: [EventID]) -> EventID? {
        guard let subject = mark.subject else { return nil }
        let mine = zip(events.prefix(mark.events), ids).filter {
            $0.0.stream.topic == subject.topic && $0.0.entityID == subject.id
        }
        guard let (event, id) = mine.last else { return tracked[subject]?.revision }
        return event.stream.action == .deleted ? nil : id
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
        if state.isNewer { throw .newerForm(of: E.topic, id.text, known: E.schemaVersion) }
        return try decode(state.entity.readableBytesView, Key(topic: E.topic, id: id.text))
    }

    /// The entity as it last was, even if it was deleted; nil where there never was one.
    public func last<E: Entity>(_ id: ID<E>) async throws(Refusal) -> E? {
        guard let state = try await glimpse(id) else { return nil }
        if state.isNewer { throw .newerForm(of: E.topic, id.text, known: E.schemaVersion) }
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

    /// What an event says besides the entity, behind what the runtime notes.
    public typealias Metadata = [(name: String, value: String)]

    /// Adds an event about an entity. For a new one (of a random id) nothing needs to have been loaded.
    public func append<E: Entity>(_ action: Action, _ entity: E, metadata: Metadata = []) {
        let key = Key(topic: E.topic, id: entity.id.text)
        // Whoever changes what he only looked at rests on it after all.
        if let glimpse = glimpses[key] { note(entity.id.reference, glimpse) }
        let before = tracked[key].flatMap { $0.stored ?? $0.state }
        let json = entity.json
        events.append(
            NewEvent(
                StreamKey(E.topic, action), entityID: key.id, entity: json, before: before,
                metadata: (delivery?.metadata ?? origin.metadata) + metadata, sequence: entity.wantedNumber))
        let revision = tracked[key]?.revision
        track(key, Tracked(revision: revision, state: action == .deleted ? nil : json))
    }

    public func create<E: Entity>(_ entity: E) { append(E.definition.birth, entity) }

    public func update<E: Entity>(_ entity: E, metadata: Metadata = []) {
        append(.updated, entity, metadata: metadata)
    }

    public func delete<E: Entity>(_ entity: E) { append(.deleted, entity) }

    /// Makes sure, until the step is done, that no other entity has the value, and takes it for this one.
    /// - Returns: the id of the entity that has it already; nil: it is taken now.
    public func claim<E: Entity>(
        _ index: UniqueIndex, _ value: String, for id: ID<E>
    ) async throws(Refusal) -> String? {
        let reference = EntityReference.unique(index, value)
        try await prefetch([reference])
        if let holder = holders[reference] ?? nil { return holder == id.text ? nil : holder }
        hold(reference, id.text)
        vacancies.append(.vacant(index, value: value))
        return nil
    }

    // MARK: Persons

    /// Whether what is known of persons is encrypted.
    public var isSealing: Bool { store.isSealing }

    /// Makes unreadable, in all events and for good, what was encrypted with a person's key.
    public func destroyKey(of person: String) { destroyedKeys.append(person) }

    /// How many events of an entity hold personal members that nothing can make unreadable.
    public func plainEvents<E: Entity>(
        of id: ID<E>, where counts: (RecordedEvent) -> Bool
    ) async throws(Refusal) -> Int {
        var count = 0
        var cursor: HistoryCursor?
        while true {
            let page: HistoryPage
            do { page = try await store.history(of: E.definition, id.text, from: cursor, count: 500) } catch {
                throw Refusal(error)
            }
            count += page.events.count { !$0.isSealed && counts($0) }
            guard case .more(let next) = page.rest else { return count }
            cursor = next
        }
    }

    // MARK: Beside the events

    /// A secret that somebody holds; nil where he has none.
    public func secret(of holder: String) async throws(Refusal) -> String? {
        do { return try await store.secrets(of: [holder]).first ?? nil } catch { throw Refusal(error) }
    }

    /// Keeps a secret, or forgets it, in the step of a command. It stands in no event.
    public func keep(secret: String?, of holder: String) {
        notes.append { [store] in $0.keep(secret: secret, of: holder, in: store) }
    }

    /// Begins a feed, or notes something of it, in the step of a command.
    public func note(_ texts: [String: String?], ofFeed name: String) {
        notes.append { [store] in $0.note(texts, ofFeed: name, in: store) }
    }

    /// Ends a feed in the step of a command.
    public func closeFeed(_ name: String) {
        notes.append { [store] in $0.closeFeed(name, in: store) }
    }

    /// What a feed knows of one event; nil where it knows nothing.
    public func entry(of event: EventID, inFeed name: String) async throws(Refusal) -> Feed.Entry? {
        do { return try await store.feedEntries([event], of: name).first } catch { throw Refusal(error) }
    }

    /// Asks for an event to be told once more, in the step of a command.
    public func wish(for event: EventID, ofFeed name: String) {
        notes.append { [store] in $0.wish(for: event, ofFeed: name, in: store) }
    }

    /// Does something outside Redis, as a part of a reaction.
    ///
    /// It is done before the step is committed: a crash in between has it done again, and then it is told so. In a
    /// preview it is only counted.
    /// - Parameter what: for operators, in the plural: `mails delivered`.
    public func outside(_ what: String, _ act: (OutsideEffect) async throws -> Void) async throws {
        guard let delivery else {
            throw Refusal(.internalError, "a command must not act outside Redis: it may be decided again")
        }
        let number = outsideEffects[what, default: 0]
        outsideEffects[what] = number + 1
        guard let progress = delivery.progress else { return }
        progress.outside(1)
        defer { progress.outside(-1) }
        let effect = OutsideEffect(
            id: UUIDText.stable(delivery.module, delivery.event.description, what, String(number)),
            isRepeat: delivery.isRepeat, attempt: delivery.attempt)
        guard let trace = delivery.trace else { return try await act(effect) }
        let span = InstrumentationSystem.tracer.startSpan(what, context: trace, ofKind: .client)
        defer { span.end() }
        do { try await act(effect) } catch {
            span.fail(error)
            throw error
        }
    }

    /// Calls a command of any module as a part of this step: it happens with it, or not at all.
    public func call(_ method: String, _ parameters: JSONObject) async throws(Refusal) -> JSONValue {
        try await call(method, parameters, self)
    }
}
