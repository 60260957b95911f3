import EventStore

/// What the reactions to a batch of events have decided.
struct Decisions: Sendable {
    var expectations: [Expectation] = []
    var events: [NewEvent] = []
    /// The event with which the batch breaks off: it failed, or the step is full.
    var end: EventID?
    var failure: EventDelivery.Failure?
    var outsideEffects: [String: Int] = [:]
    /// The modules whose commands took part are not disabled before it is committed.
    var passes: [Gates.Pass] = []
}

extension EventDelivery {
    /// A step with more effects takes no further event: one step blocks Redis while it lasts.
    private static let maxEffects = 512
    /// How many entities are worked for at the same time.
    private static let lanes = 16

    // MARK: One after the other

    /// - Parameter tries: what is noted before a reaction runs, so that an event that ends the process is counted, too.
    func inTurn(
        _ events: [RecordedEvent], _ work: Work, counting tries: DeliveryStanding.Tries? = nil
    ) async throws -> Decisions {
        async let counted: Void = note(tries)
        let unit = unitOfWork()
        try await unit.glimpse(events.flatMap(looksAt))
        try await counted
        return await react(to: events, in: unit, isRepeat: work.isRepeat)
    }

    private func note(_ tries: DeliveryStanding.Tries?) async throws(StoreError) {
        if let tries { try await store.count(tries, of: module) }
    }

    /// Runs the reactions until one fails or the step is full. A failing event leaves no trace in the unit.
    private func react(
        to events: [RecordedEvent], in unit: UnitOfWork, isRepeat: (RecordedEvent) -> Bool
    ) async -> Decisions {
        var decisions = Decisions()
        for event in events {
            guard unit.events.count < Self.maxEffects else {
                decisions.end = event.id
                break
            }
            unit.delivery = EventInDelivery(
                module: module, event: event.id, correlation: event.correlation, isRepeat: isRepeat(event),
                progress: progress)
            let before = unit.savepoint()
            do { try await react(to: event, in: unit) } catch {
                unit.rollBack(to: before)
                decisions.end = event.id
                decisions.failure = Failure(through: event.id, error: error)
                break
            }
        }
        decisions.take(from: unit)
        return decisions
    }

    func react(to event: RecordedEvent, in unit: UnitOfWork) async throws {
        unit.delivery?.progress?.begin(.reacting(to: event.id))
        await FaultPoint.react(module, event.entityKey.id)
        let subscriptions = reactions[event.stream] ?? []
        if event.isNewer, !subscriptions.isEmpty {
            throw TryLater(
                "the event \(event.id) of \(event.stream) was written by a later version of ordershopd: upgrade this one"
            )
        }
        for subscription in subscriptions { try await subscription.reaction(event, unit) }
    }

    func looksAt(_ event: RecordedEvent) -> [EntityReference] {
        let subscriptions = reactions[event.stream] ?? []
        guard !subscriptions.isEmpty, let entity = event.decoded() else { return [] }
        return subscriptions.flatMap { $0.looksAt(entity) }
    }

    // MARK: Entities side by side

    /// Each entity's events go one after the other, those of different entities at the same time. Where that would
    /// have two of them change one thing, or one fails, it is done again, one after the other.
    func sideBySide(
        _ events: [RecordedEvent], _ work: Work, counting tries: DeliveryStanding.Tries
    ) async throws -> Decisions {
        let groups = Dictionary(grouping: events, by: \.entityKey)
        guard groups.count > 1, work.attempt == 1 else { return try await inTurn(events, work, counting: tries) }
        try await note(tries)
        var parts: [Decisions] = []
        await withTaskGroup(of: Decisions.self) { tasks in
            var waiting = groups.values.makeIterator()
            for _ in 0..<Self.lanes {
                guard let group = waiting.next() else { break }
                tasks.addTask { await alone(group, work) }
            }
            for await part in tasks {
                parts.append(part)
                if let group = waiting.next() { tasks.addTask { await alone(group, work) } }
            }
        }
        if let merged = Decisions.merged(parts) { return merged }
        return try await inTurn(events, work.repeated)
    }

    private func alone(_ events: [RecordedEvent], _ work: Work) async -> Decisions {
        let unit = unitOfWork()
        do { try await unit.glimpse(events.flatMap(looksAt)) } catch {
            return Decisions(failure: Failure(through: events[0].id, error: error))
        }
        return await react(to: events, in: unit, isRepeat: work.isRepeat)
    }
}

extension EventDelivery.Work {
    func isRepeat(_ event: RecordedEvent) -> Bool {
        if attempt > 1 || event.id <= begun { return true }
        return standing.replay.map { event.id <= $0.until } ?? false
    }

    /// The same once more.
    fileprivate var repeated: Self {
        Self(
            events: events, positions: positions, standing: standing, lease: lease, attempt: attempt + 1,
            begun: begun)
    }
}

extension Decisions {
    fileprivate mutating func take(from unit: UnitOfWork) {
        expectations = unit.expectations
        events = unit.events
        outsideEffects = unit.outsideEffects
        passes = unit.passes
    }

    /// All in one, with the effects in the order of their causes; nil where they cannot be.
    fileprivate static func merged(_ parts: [Decisions]) -> Decisions? {
        guard parts.allSatisfy({ $0.end == nil && $0.failure == nil }) else { return nil }
        let changes = parts.flatMap(\.changes)
        guard Set(changes).count == changes.count else { return nil }
        var merged = Decisions()
        for part in parts {
            merged.expectations += part.expectations
            merged.passes += part.passes
            merged.outsideEffects.merge(part.outsideEffects, uniquingKeysWith: +)
        }
        let effects = parts.flatMap(\.events).enumerated().map { (cause: $1.cause, number: $0, event: $1) }
        merged.events = effects.sorted { ($0.cause, $0.number) < ($1.cause, $1.number) }.map(\.event)
        return merged
    }

    /// What no two may change or claim in one step.
    private var changes: Set<String> {
        var changes = Set(events.map { "\($0.stream.topic):\($0.entityID)" })
        for case .vacant(let index, let value) in expectations { changes.insert("\(index.name)=\(value)") }
        return changes
    }
}

extension NewEvent {
    /// The event that it came of.
    fileprivate var cause: EventID { metadata.first { $0.name == "cause" }.flatMap { EventID($0.value) } ?? .zero }
}
