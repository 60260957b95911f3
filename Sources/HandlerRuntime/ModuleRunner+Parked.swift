import EventStore

/// Trying parked events again.
extension ModuleRunner {
    /// Tries the first parked event of an entity again, or of several. Those behind it follow in the rounds that come.
    /// - Returns: whether there was something to try.
    func retryParked(under lease: Lease) async throws -> Bool {
        var entities: [EntityKey] = []
        while entities.count < lanes, let entity = try await delivery.store.nextRetry(module.name) {
            entities.append(entity)
        }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for entity in entities { tasks.addTask { try await self.retry(entity, under: lease) } }
            try await tasks.waitForAll()
        }
        return !entities.isEmpty
    }

    private var lanes: Int {
        switch delivery.ordering {
        case .shop: 1
        case .entity: EventDelivery.lanes
        }
    }

    private func retry(_ entity: EntityKey, under lease: Lease) async throws {
        let store = delivery.store
        let goesOn = try await retryFirst(of: entity, under: lease)
        // In this order: whoever waits for the retries to be done must not see none in between.
        if goesOn { try await store.askForRetry(module.name, [entity]) }
        try await store.endRetry(module.name, of: entity)
    }

    /// - Returns: whether the entity's next parked event is to be tried.
    private func retryFirst(of entity: EntityKey, under lease: Lease) async throws -> Bool {
        let store = delivery.store
        guard let parked = try await store.parked(module.name, of: entity, count: 1).first else {
            try await store.endDue(module.name, of: entity)
            return false
        }
        guard let event = try await store.event(parked.id, in: parked.stream) else {
            try await store.noteRetry(parked, failed: "it is no longer in its stream", module: module.name)
            return false
        }
        do {
            switch try await delivery.retry(parked, event, lease: lease) {
            case .committed(let progress):
                committed(progress.effects)
                supersessions = 0
            case .superseded:
                supersessions += 1
                if supersessions > 20 { throw conflict(at: event) }
            case .overtaken: break
            case .fenced(let other): self.lease = other
            }
            return true
        } catch let failure as EventDelivery.Failure {
            try await store.noteRetry(
                parked, failed: "\(failure.error)", due: due(parked, after: failure.error), module: module.name)
            return false
        }
    }

    /// What waits for the world is tried again by itself, if it was.
    private func due(_ parked: ParkedEvent, after error: any Error) -> Int64? {
        if let postponed = error as? Postponed { return postponed.due }
        guard parked.dueAt != nil, isTransient(error) else { return nil }
        return Postponed("", for: (error as? TryLater)?.pause ?? .seconds(30)).due
    }
}
