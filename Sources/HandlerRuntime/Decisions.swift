import EventStore

/// An event that is parked in the step in which it would have been handled.
struct Aside: Sendable {
    let parked: ParkedEvent
    let error: any Error
}

/// What the reactions to a batch of events have decided.
struct Decisions: Sendable {
    var expectations: [Expectation] = []
    var events: [NewEvent] = []
    /// The event with which the batch breaks off: it failed, or the step is full.
    var end: EventID?
    var failure: EventDelivery.Failure?
    /// Those that cannot be handled now, while others can.
    var asides: [Aside] = []
    var outsideEffects: [String: Int] = [:]
    /// Those of the events that are traced, open until the step is done.
    var spans: [DeliverySpan] = []
    /// The modules whose commands took part are not disabled before it is committed.
    var passes: [Gates.Pass] = []
}

extension EventDelivery {
    /// A step with more effects takes no further event: one step blocks Redis while it lasts.
    private static let maxEffects = 512
    /// How many entities are worked for at the same time.
    static let lanes = 16

    // MARK: One after the other

    /// - Parameter tries: what is noted before a reaction runs, so that an event that ends the process is counted, too.
    func inTurn(
        _ events: [RecordedEvent], _ work: Work, counting tries: DeliveryStanding.Tries? = nil
    ) async throws -> Decisions {
        async let counted: Void = note(tries)
        let unit = unitOfWork()
        try await unit.glimpse(events.flatMap(looksAt))
        try await counted
        return await react(to: events, in: unit, work)
    }

    private func note(_ tries: DeliveryStanding.Tries?) async throws(StoreError) {
        if let tries { try await store.count(tries, of: module) }
    }

    /// Runs the reactions until one fails or the step is full. A failing event leaves no trace in the unit.
    private func react(
        to events: [RecordedEvent], in unit: UnitOfWork, _ work: Work
    ) async -> Decisions {
        var decisions = Decisions()
        for event in events {
            if decisions.setAside(behindOthers: event) { continue }
            guard unit.events.count < Self.maxEffects else {
                decisions.end = event.id
                break
            }
            let span = DeliverySpan(of: event, to: module, attempt: work.attempt)
            unit.delivery = EventInDelivery(
                module: module, event: event.id, correlation: event.correlation, isRepeat: work.isRepeat(event),
                attempt: work.attempt, progress: progress, trace: span?.context)
            let before = unit.savepoint()
            do { try await react(to: event, in: unit) } catch {
                unit.rollBack(to: before)
                span?.end(failing: error)
                if decisions.setAside(event, because: error, attempt: work.attempt) { continue }
                decisions.end = event.id
                decisions.failure = Failure(through: event.id, error: error)
                break
            }
            if let span { decisions.spans.append(span) }
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
    /// have two of them change one thing, it is done again, one after the other. Where one fails, what was decided for
    /// the events before it holds.
    func sideBySide(
        _ events: [RecordedEvent], _ work: Work, counting tries: DeliveryStanding.Tries
    ) async throws -> Decisions {
        let groups = Dictionary(grouping: events, by: \.entityKey).values.sorted { $0[0].id < $1[0].id }
        guard groups.count > 1, work.attempt == 1 else { return try await inTurn(events, work, counting: tries) }
        try await note(tries)
        var parts: [Part] = []
        await withTaskGroup(of: Part.self) { tasks in
            var waiting = groups.makeIterator()
            for _ in 0..<Self.lanes {
                guard let group = waiting.next() else { break }
                tasks.addTask { await alone(group, work) }
            }
            for await part in tasks {
                parts.append(part)
                if let group = waiting.next() { tasks.addTask { await alone(group, work) } }
            }
        }
        if let merged = Part.merged(parts) { return merged }
        return try await inTurn(events, work.repeated)
    }

    private func alone(_ events: [RecordedEvent], _ work: Work) async -> Part {
        let unit = unitOfWork()
        do { try await unit.glimpse(events.flatMap(looksAt)) } catch {
            let failure = Failure(through: events[0].id, error: error)
            return Part(events, Decisions(end: events[0].id, failure: failure))
        }
        return Part(events, await react(to: events, in: unit, work))
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

    /// Sets an event aside whose error says so.
    fileprivate mutating func setAside(_ event: RecordedEvent, because error: any Error, attempt: Int) -> Bool {
        guard error is Postponed || error is Hopeless else { return false }
        var parked = ParkedEvent(event, tries: attempt, reason: "\(error)")
        parked.dueAt = (error as? Postponed)?.due
        asides.append(Aside(parked: parked, error: error))
        return true
    }

    /// Sets an event aside that comes behind one of its entity's that is.
    fileprivate mutating func setAside(behindOthers event: RecordedEvent) -> Bool {
        if asides.isEmpty { return false }
        let entity = event.entityKey
        guard let first = asides.first(where: { $0.parked.entity == entity }) else { return false }
        asides.append(Aside(parked: ParkedEvent(event), error: first.error))
        return true
    }

    /// What no two may change or claim in one step.
    fileprivate var changes: Set<String> {
        var changes = Set(events.map { "\($0.stream.topic):\($0.entityID)" })
        for case .vacant(let index, let value) in expectations { changes.insert("\(index.name)=\(value)") }
        return changes
    }
}

/// What was decided for the events of one entity.
private struct Part: Sendable {
    let first: EventID
    let last: EventID
    let decisions: Decisions

    init(_ events: [RecordedEvent], _ decisions: Decisions) {
        first = events[0].id
        last = events[events.count - 1].id
        self.decisions = decisions
    }

    /// All in one, with the effects in the order of their causes; nil where they cannot be.
    static func merged(_ parts: [Part]) -> Decisions? {
        var merged = Decisions()
        for part in parts where part.decisions.end != nil {
            guard let failure = part.decisions.failure else { return nil }
            if merged.failure.map({ failure.through < $0.through }) ?? true { merged.failure = failure }
        }
        merged.end = cut(parts)
        let whole = parts.filter { part in merged.end.map { part.last < $0 } ?? true }.map(\.decisions)
        let changes = whole.flatMap(\.changes)
        guard Set(changes).count == changes.count else { return nil }
        for decisions in whole { merged.add(decisions) }
        merged.events = inOrderOfCauses(whole.flatMap(\.events))
        return merged
    }

    private static func inOrderOfCauses(_ effects: [NewEvent]) -> [NewEvent] {
        let numbered = effects.enumerated().map { (cause: $1.cause, number: $0) }
        return numbered.sorted { ($0.cause, $0.number) < ($1.cause, $1.number) }.map { effects[$0.number] }
    }

    /// The first event that is not to be committed. No entity's events may stand on both sides of it, as what was
    /// decided for them holds as a whole.
    private static func cut(_ parts: [Part]) -> EventID? {
        guard var end = parts.compactMap(\.decisions.end).min() else { return nil }
        while let first = parts.filter({ $0.first < end && end <= $0.last }).map(\.first).min() { end = first }
        return end
    }
}

extension Decisions {
    /// All but the effects, which are put in their order once and for all.
    fileprivate mutating func add(_ other: Decisions) {
        expectations += other.expectations
        passes += other.passes
        spans += other.spans
        asides += other.asides
        outsideEffects.merge(other.outsideEffects, uniquingKeysWith: +)
    }
}

extension NewEvent {
    /// The event that it came of.
    fileprivate var cause: EventID { metadata.first { $0.name == "cause" }.flatMap { EventID($0.value) } ?? .zero }
}
