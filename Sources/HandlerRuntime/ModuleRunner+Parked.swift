import EventStore

/// Trying parked events again.
extension ModuleRunner {
    /// Tries the first parked event of one entity again. Those behind it follow in the rounds that come.
    /// - Returns: whether there was something to try.
    func retryParked(under lease: Lease) async throws -> Bool {
        let store = delivery.store
        guard let entity = try await store.nextRetry(module.name) else { return false }
        let goesOn = try await retryFirst(of: entity, under: lease)
        // In this order: whoever waits for the retries to be done must not see none in between.
        if goesOn { try await store.askForRetry(module.name, [entity]) }
        try await store.endRetry(module.name, of: entity)
        return true
    }

    /// - Returns: whether the entity's next parked event is to be tried.
    private func retryFirst(of entity: EntityKey, under lease: Lease) async throws -> Bool {
        let store = delivery.store
        guard let parked = try await store.parked(module.name, of: entity, count: 1).first else { return false }
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
            try await store.noteRetry(parked, failed: "\(failure.error)", module: module.name)
            return false
        }
    }
}
