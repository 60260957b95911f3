import NIOCore
import Synchronization

/// The states of entities that were loaded or written last.
///
/// They may be outdated: another daemon may have changed an entity meanwhile. So they are good for one thing only, for
/// deciding on what will be appended, as the step that appends it checks that everything is as it was thought to be.
final class RecentStates: Sendable {
    /// Two generations: when the young one is full, the old one is forgotten and the young one becomes it.
    private struct Generations {
        var young: [EntityKey: EntityState] = [:]
        var old: [EntityKey: EntityState] = [:]

        subscript(key: EntityKey) -> EntityState? { young[key] ?? old[key] }

        mutating func note(_ state: EntityState, of key: EntityKey) {
            if young.count >= RecentStates.capacity { (young, old) = ([:], young) }
            young[key] = state
        }

        mutating func forget(_ key: EntityKey) {
            young[key] = nil
            old[key] = nil
        }
    }

    /// Of one generation.
    private static let capacity = 2_048
    /// In bytes. What is larger is loaded each time.
    private static let largest = 4_096
    private let generations = Mutex(Generations())

    func states(of keys: [EntityKey]) -> [EntityState?] {
        generations.withLock { generations in
            keys.map { key in
                guard let state = generations[key] else { return nil }
                // What is asked for again and again stays.
                if generations.young[key] == nil { generations.note(state, of: key) }
                return state
            }
        }
    }

    /// Notes what was loaded. What was sealed is not kept in plain.
    func note(_ states: [(EntityKey, EntityState)]) {
        let kept = states.filter { $1.exists && !$1.isNewer && $1.sealed == nil }
            .filter { $1.entity.readableBytes <= Self.largest }.map { ($0, $1.copied) }
        if kept.isEmpty { return }
        generations.withLock { generations in
            for (key, state) in kept where generations[key].map({ $0.revision < state.revision }) ?? true {
                generations.note(state, of: key)
            }
        }
    }

    /// Takes over what was written of those that are known.
    /// - Parameter sealed: whose entities stand in the events as nobody can read them.
    func update(_ events: [NewEvent], _ ids: [EventID], sealed: (Topic) -> Bool) {
        generations.withLock { generations in
            for (event, id) in zip(events, ids) {
                let key = EntityKey(topic: event.stream.topic, id: event.entityID)
                guard generations[key] != nil else { continue }
                // The text of an entity that gets a number is known to Redis alone.
                let isReadable = event.sequence == nil && !sealed(key.topic) && event.entity.count <= Self.largest
                guard isReadable, event.stream.action != .deleted else {
                    generations.forget(key)
                    continue
                }
                let text = ByteBuffer(bytes: event.entity)
                generations.note(EntityState(id: key.id, revision: id, isDeleted: false, entity: text), of: key)
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
    public func recall(_ keys: [EntityKey]) -> [EntityState?] { recent.states(of: keys) }

    /// Loads states, and remembers them for `recall`.
    public func loadForDeciding(_ references: [EntityReference]) async throws(StoreError) -> [EntityState?] {
        let states = try await load(references)
        var found: [(EntityKey, EntityState)] = []
        for case (.id(let topic, let id), let state?) in zip(references, states) {
            found.append((EntityKey(topic: topic, id: id), state))
        }
        recent.note(found)
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
