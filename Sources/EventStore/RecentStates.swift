import NIOCore
import Synchronization

/// The states of entities that were loaded or written last.
///
/// They may be outdated: another daemon may have changed an entity meanwhile. So they are good for one thing only, for
/// deciding on what will be appended, as the step that appends it checks that everything is as it was thought to be.
final class RecentStates: Sendable {
    /// Two generations: when the young one is full, the old one is forgotten and the young one becomes it.
    private struct Generations {
        var young = Known()
        var old = Known()

        mutating func state(_ reference: EntityReference) -> EntityState? {
            guard let key = reference.key ?? young.holders[reference] ?? old.holders[reference] else { return nil }
            if let state = young.states[key] { return state }
            guard let state = old.states[key] else { return nil }
            // What is asked for again and again stays.
            note(state, as: reference)
            return state
        }

        mutating func note(_ state: EntityState, as reference: EntityReference) {
            if young.states.count >= RecentStates.capacity { (young, old) = (Known(), young) }
            let key = EntityKey(topic: reference.topic, id: state.id)
            young.states[key] = state
            if reference.key == nil { young.holders[reference] = key }
        }

        func revision(of key: EntityKey) -> EventID? { (young.states[key] ?? old.states[key])?.revision }

        mutating func forget(_ key: EntityKey) {
            young.states[key] = nil
            old.states[key] = nil
        }
    }

    private struct Known {
        var states: [EntityKey: EntityState] = [:]
        /// Who had a value when it was looked up: whether he still has it is for his state to say.
        var holders: [EntityReference: EntityKey] = [:]
    }

    /// Of one generation.
    private static let capacity = 2_048
    /// In bytes. What is larger is loaded each time.
    private static let largest = 4_096
    private let generations = Mutex(Generations())

    func states(of references: [EntityReference]) -> [EntityState?] {
        let states = generations.withLock { generations in references.map { generations.state($0) } }
        return zip(references, states).map { reference, state in
            guard case .unique(let index, let value) = reference, let state else { return state }
            return index.value(in: state.decoded()) == value ? state : nil
        }
    }

    /// Notes what was loaded. What was sealed is not kept in plain.
    func note(_ states: [(EntityReference, EntityState)]) {
        let kept = states.filter { $1.exists && !$1.isNewer && $1.sealed == nil }
            .filter { $1.entity.readableBytes <= Self.largest }.map { ($0, $1.copied) }
        if kept.isEmpty { return }
        generations.withLock { generations in
            for (reference, state) in kept {
                let key = EntityKey(topic: reference.topic, id: state.id)
                guard generations.revision(of: key).map({ $0 <= state.revision }) ?? true else { continue }
                generations.note(state, as: reference)
            }
        }
    }

    /// Takes over what was written of those that are known.
    /// - Parameter sealed: whose entities stand in the events as nobody can read them.
    func update(_ events: [NewEvent], _ ids: [EventID], sealed: (Topic) -> Bool) {
        generations.withLock { generations in
            for (event, id) in zip(events, ids) {
                let key = EntityKey(topic: event.stream.topic, id: event.entityID)
                guard generations.revision(of: key) != nil else { continue }
                // The text of an entity that gets a number is known to Redis alone.
                let isReadable = event.sequence == nil && !sealed(key.topic) && event.entity.count <= Self.largest
                guard isReadable, event.stream.action != .deleted else {
                    generations.forget(key)
                    continue
                }
                let text = ByteBuffer(bytes: event.entity)
                generations.note(
                    EntityState(id: key.id, revision: id, isDeleted: false, entity: text),
                    as: .id(key.topic, key.id))
            }
        }
    }

    func forget(_ key: EntityKey) { generations.withLock { $0.forget(key) } }
}

extension EntityState {
    /// The same without the whole answer of Redis that its text is a slice of.
    fileprivate var copied: EntityState {
        EntityState(
            id: id, revision: revision, isDeleted: isDeleted, entity: ByteBuffer(bytes: entity.readableBytesView))
    }
}

extension Store {
    /// The states of entities as they were known last, without asking Redis; nil for those that are not known.
    ///
    /// Only for what is checked again when it is appended (`Expectation.revision`).
    public func recall(_ references: [EntityReference]) -> [EntityState?] { recent.states(of: references) }

    /// Loads states, and remembers them for `recall`.
    public func loadForDeciding(_ references: [EntityReference]) async throws(StoreError) -> [EntityState?] {
        let states = try await load(references)
        recent.note(zip(references, states).compactMap { reference, state in state.map { (reference, $0) } })
        return states
    }

    /// Takes over what became of a transaction.
    func remember(_ transaction: Transaction, _ outcome: TransactionOutcome) {
        switch outcome {
        case .committed(let ids):
            recent.update(transaction.events, ids) { isSealing && catalogue.personal[$0] != nil }
        case .conflict(.revision(let topic, let id, _)): recent.forget(EntityKey(topic: topic, id: id))
        case .conflict: break
        }
    }
}
