public import EventStore

/// Which parked events are meant.
public enum ParkedSelection: Sendable, Hashable {
    case event(EventID)
    case entity(EntityKey)
    case all
}

/// What operators do about events that could not be handled.
extension Supervisor {
    public func parked(
        _ module: String, of entity: EntityKey? = nil, after position: EventID = .zero, count: Int = 100
    ) async throws(Refusal) -> [ParkedEvent] {
        _ = try runner(module)
        return try await ask { () throws(StoreError) in
            try await store.parked(module, of: entity, after: position, count: count)
        }
    }

    /// A parked event, and the event itself: nil where it is no longer in its stream.
    public func parked(
        _ module: String, _ id: EventID
    ) async throws(Refusal) -> (parked: ParkedEvent, event: RecordedEvent?) {
        let parked = try await existing(id, module)
        return (parked, try await ask { () throws(StoreError) in try await store.event(id, in: parked.stream) })
    }

    private func existing(_ id: EventID, _ module: String) async throws(Refusal) -> ParkedEvent {
        _ = try runner(module)
        guard let parked = try await ask({ () throws(StoreError) in try await store.parked(module, id) }) else {
            throw Refusal(.notFound, "the event \(id) is not parked for the module \(module)")
        }
        return parked
    }

    // MARK: Once more

    /// Has parked events handled again, each entity's in order; where one fails, it and those behind it stay.
    /// - Returns: how many were handled and how many are still parked, as far as it is known within five seconds.
    public func retry(
        _ module: String, _ selection: ParkedSelection
    ) async throws(Refusal) -> (handled: Int, left: Int) {
        let runner = try runner(module)
        guard gates.closure(of: module) != .disabled else {
            throw Refusal(.moduleDisabled, "the module \(module) is disabled: enable it first")
        }
        let only = try await entity(of: selection, module)
        return try await ask { () throws(StoreError) in
            let before = try await store.parkedCount(module)
            if let only {
                try await store.askForRetry(module, [only])
            } else {
                try await store.askForAllRetries(module)
            }
            runner.bell.ring()
            let left = try await store.parkedWhenRetried(module)
            return (max(0, before - left), left)
        }
    }

    /// The one entity that is meant; nil: all.
    private func entity(of selection: ParkedSelection, _ module: String) async throws(Refusal) -> EntityKey? {
        switch selection {
        case .all: return nil
        case .entity(let entity):
            let count = try await ask { () throws(StoreError) in try await store.parkedCount(module, of: entity) }
            if count > 0 { return entity }
            throw Refusal(.notFound, "no event of \(entity) is parked for the module \(module)")
        case .event(let id):
            let parked = try await existing(id, module)
            let first = try await self.parked(module, of: parked.entity, count: 1).first
            if let first, first.id != id {
                throw Refusal(
                    .conflict, "the event \(id) waits behind \(first.id) of the same entity: retry that one first")
            }
            return parked.entity
        }
    }

    // MARK: Away with them

    /// Forgets parked events: they will not be handled. Those that waited behind them are handled again.
    /// - Returns: how many were forgotten.
    public func discard(_ module: String, _ selection: ParkedSelection) async throws(Refusal) -> Int {
        let runner = try runner(module)
        defer { runner.bell.ring() }
        switch selection {
        case .event(let id):
            let parked = try await existing(id, module)
            return try await ask { () throws(StoreError) in
                try await store.discard(parked, of: module, releasing: true) ? 1 : 0
            }
        case .entity(let entity): return try await discardAll(module, of: entity)
        case .all: return try await discardAll(module, of: nil)
        }
    }

    private func discardAll(_ module: String, of entity: EntityKey?) async throws(Refusal) -> Int {
        try await ask { () throws(StoreError) in
            var count = 0
            while true {
                let page = try await store.parked(module, of: entity)
                if page.isEmpty { return count }
                for event in page where try await store.discard(event, of: module, releasing: false) { count += 1 }
            }
        }
    }

    func ask<Value>(_ body: () async throws(StoreError) -> Value) async throws(Refusal) -> Value {
        do { return try await body() } catch { throw Refusal(error) }
    }
}
