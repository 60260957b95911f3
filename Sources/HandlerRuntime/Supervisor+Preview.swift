public import EventStore

/// What a module would do if it went on.
public struct ModulePreview: Sendable {
    /// How many events wait in each stream, streams with none left out.
    public var waiting: [(stream: StreamKey, count: Int)] = []
    /// Whether all that wait were counted; otherwise there are at least so many.
    public var isCounted = true
    public var oldest: EventID?
    /// For how many of the waiting events, the oldest first, it was tried what they would do.
    public var tried = 0
    /// How often each would be done: events appended by topic and action, and what is done outside Redis.
    public var effects: [(what: String, count: Int)] = []
    /// How many events could not be handled as things are, and the first reason.
    public var failing = 0
    public var reason: String?
}

extension Supervisor {
    /// Tells what a module would do if it was enabled, without doing it: its reactions run for the waiting events, and
    /// what they decide is counted and forgotten.
    /// - Parameter time: for at most so long, so that a huge backlog is tried in part.
    public func preview(_ name: String, within time: Duration = .seconds(3)) async throws(Refusal) -> ModulePreview
    {
        let delivery = try runner(name).delivery
        return try await ask { () throws(StoreError) in try await preview(delivery, until: .now + time) }
    }

    private func preview(
        _ delivery: EventDelivery, until deadline: ContinuousClock.Instant
    ) async throws(StoreError) -> ModulePreview {
        var preview = ModulePreview()
        var positions = try await store.checkpoint(of: delivery.module)
        let standing = try await store.standing(of: delivery.module)
        let lag = try await store.fullLag(of: delivery.streams, behind: positions)
        preview.isCounted = lag.isComplete
        preview.waiting = delivery.streams.compactMap { stream in lag.counts[stream].map { (stream, $0) } }
            .filter { $0.count > 0 }
        var effects: [String: Int] = [:]
        while .now < deadline {
            let batch = try await store.read(delivery.streams, after: positions, count: 256)
            guard let first = batch.events.first else { break }
            preview.oldest = preview.oldest ?? first.id
            await delivery.rehearse(batch.events, standing, &preview, &effects)
            positions = batch.positions
        }
        preview.effects = effects.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        return preview
    }
}

extension EventDelivery {
    fileprivate func rehearse(
        _ events: [RecordedEvent], _ standing: DeliveryStanding, _ preview: inout ModulePreview,
        _ effects: inout [String: Int]
    ) async {
        let unit = unitOfWork()
        try? await unit.glimpse(events.flatMap(looksAt))
        for event in events {
            preview.tried += 1
            guard hasEffects(event, standing) else { continue }
            unit.delivery = EventInDelivery(
                module: module, event: event.id, correlation: event.correlation, isRepeat: false)
            let before = unit.savepoint()
            do { try await react(to: event, in: unit) } catch {
                unit.rollBack(to: before)
                preview.failing += 1
                preview.reason = preview.reason ?? "\(error)"
            }
        }
        for event in unit.events { effects["\(event.stream.topic) \(event.stream.action)", default: 0] += 1 }
        effects.merge(unit.outsideEffects, uniquingKeysWith: +)
    }
}
