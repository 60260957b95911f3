import EventStore
import Glibc
import Tracing

/// Brings one module's events to its reactions and commits what comes of them.
struct EventDelivery: Sendable {
    /// A batch, and what is known about it before it is delivered.
    struct Work: Sendable {
        let events: ArraySlice<RecordedEvent>
        /// Where the checkpoint stands.
        let positions: [StreamKey: EventID]
        let standing: DeliveryStanding
        let lease: Lease
        /// How often the first of the events is being tried with this time.
        let attempt: Int
        /// Events up to this one may have been begun before, here or elsewhere.
        let begun: EventID
    }

    enum Outcome: Sendable {
        case committed(Progress)
        /// Somebody else moved first: look again where to go on.
        case superseded
        /// The checkpoint has moved since: a command that appended an event of the module's own took it along.
        case overtaken
        /// The module's lease is another by now.
        case fenced(by: Lease?)
    }

    struct Progress: Sendable {
        /// So many events of the batch, from its beginning.
        let events: Int
        /// The streams that their effects were appended to.
        let effects: Set<StreamKey>
        /// How many of the events were parked behind others.
        let parked: Int
        /// Where the checkpoint stands now, unless the effects have moved it further.
        let positions: [StreamKey: EventID]
        /// Why the event behind those could not be handled.
        let failure: Failure?
    }

    /// An event that could not be handled.
    struct Failure: Error {
        /// Events up to this one may have been begun.
        let through: EventID
        let error: any Error
    }

    let module: String
    let streams: [StreamKey]
    /// Those of the streams that the module has reactions to.
    let reacting: [StreamKey]
    let store: Store
    let ordering: Ordering
    let unitOfWork: @Sendable () -> UnitOfWork
    let progress = ModuleProgress()
    let reactions: [StreamKey: [Subscription]]
    private let ownStreams: Set<StreamKey>

    init(to module: any HandlerModule, store: Store, unitOfWork: @escaping @Sendable () -> UnitOfWork) {
        self.module = module.name
        self.store = store
        self.unitOfWork = unitOfWork
        ordering = module.ordering
        streams = module.streams
        reactions = Dictionary(grouping: module.subscriptions, by: \.stream)
        reacting = streams.filter(Set(module.subscriptions.map(\.stream)).contains)
        ownStreams = Set(module.topics.flatMap(\.streams))
    }

    /// Looks for work.
    /// - Parameter ahead: the events behind those positions, where they are read already.
    func poll(
        expecting positions: [StreamKey: EventID]?, ahead: EventBatch?, count: Int
    ) async throws(StoreError) -> Poll {
        try await store.poll(module, streams, expecting: positions, ahead: ahead, count: count)
    }

    /// The events behind positions that the checkpoint has not reached yet; nil where they cannot be read just now.
    func read(after positions: [StreamKey: EventID], count: Int) async -> EventBatch? {
        try? await store.read(streams, after: positions, count: count)
    }

    // MARK: Delivering

    /// Runs the reactions to a batch and commits their effects with the checkpoint, in one step. Where an event
    /// fails that is not the first, those before it are committed all the same.
    /// - Throws: `Failure` when the first event cannot be handled.
    func deliver(_ work: Work) async throws -> Outcome {
        let own = work.events.filter { ownStreams.contains($0.stream) }
        if !own.isEmpty { try await store.adopt(own) }
        let effective = work.events.filter { hasEffects($0, work.standing) }
        let waiting = try await parkedBehind(effective, work.standing)
        let doable = effective.filter { waiting.isEmpty || !waiting.contains($0.entityKey) }
        let decided = try await decide(doable, of: work)
        let done = work.events.prefix { event in
            decided.end.map { event.id < $0 } ?? true
        }
        return try await commit(done, decided, waiting, work)
    }

    func hasEffects(_ event: RecordedEvent, _ standing: DeliveryStanding) -> Bool {
        guard reactions[event.stream] != nil else { return false }
        return standing.effectsAfter.map { event.id > $0 } ?? true
    }

    private func decide(_ events: [RecordedEvent], of work: Work) async throws -> Decisions {
        guard let last = events.last else { return Decisions() }
        let tries = DeliveryStanding.Tries(
            count: work.attempt, through: last.id, begun: work.begun, owner: work.lease.owner)
        switch ordering {
        case .shop: return try await inTurn(events, work, counting: tries)
        case .entity: return try await sideBySide(events, work, counting: tries)
        }
    }

    private func parkedBehind(
        _ events: [RecordedEvent], _ standing: DeliveryStanding
    ) async throws(StoreError) -> Set<EntityKey> {
        if standing.parked == 0 || events.isEmpty { return [] }
        return try await store.entitiesParked(module, among: Set(events.map(\.entityKey)))
    }

    // MARK: Committing

    private func commit(
        _ events: ArraySlice<RecordedEvent>, _ decided: Decisions, _ waiting: Set<EntityKey>, _ work: Work
    ) async throws -> Outcome {
        if events.isEmpty, let failure = decided.failure { throw failure }
        var step = Transaction(
            expectations: decided.expectations, events: decided.events,
            checkpoint: move(over: events, from: work))
        var parked = 0
        if !waiting.isEmpty {
            for event in events where waiting.contains(event.entityKey) && hasEffects(event, work.standing) {
                step.park(ParkedEvent(event), for: module, isBehind: true, in: store)
                parked += 1
            }
        }
        for aside in decided.asides { step.park(aside.parked, for: module, isBehind: false, in: store) }
        parked += decided.asides.count
        let positions = work.positions.merging(events.lastIDs) { $1 }
        return try await outcome(
            of: step,
            Progress(
                events: events.count, effects: Set(decided.events.map(\.stream)), parked: parked,
                positions: positions, failure: decided.failure), decided.spans)
    }

    /// Parks an event that could not be handled, and moves the checkpoint over it.
    func park(_ parked: ParkedEvent, _ event: RecordedEvent, of work: Work) async throws(StoreError) -> Outcome {
        var step = Transaction(checkpoint: move(over: [event], from: work))
        step.park(parked, for: module, isBehind: false, in: store)
        var positions = work.positions
        positions[event.stream] = event.id
        return try await outcome(
            of: step, Progress(events: 1, effects: [], parked: 1, positions: positions, failure: nil))
    }

    /// Handles a parked event again. It is no longer parked when this returns in good order.
    /// - Throws: `Failure` when it cannot be handled.
    func retry(_ parked: ParkedEvent, _ event: RecordedEvent, lease: Lease) async throws -> Outcome {
        let work = Work(
            events: [event], positions: [:], standing: DeliveryStanding(), lease: lease, attempt: parked.tries + 1,
            begun: event.id)
        let decided = reactions[event.stream] == nil ? Decisions() : try await inTurn([event], work)
        if let failure = decided.failure { throw failure }
        if let aside = decided.asides.first { throw Failure(through: event.id, error: aside.error) }
        var step = Transaction(
            expectations: decided.expectations, events: decided.events,
            checkpoint: CheckpointMove(module: module, lease: lease, positions: []))
        step.unpark(parked, for: module, in: store)
        let effects = Set(decided.events.map(\.stream))
        return try await outcome(
            of: step, Progress(events: 1, effects: effects, parked: 0, positions: [:], failure: nil),
            decided.spans)
    }

    /// - Parameter spans: of the events of the step that are traced. They end with it.
    private func outcome(
        of step: Transaction, _ progress: Progress, _ spans: [DeliverySpan] = []
    ) async throws(StoreError) -> Outcome {
        if spans.isEmpty { return try await transact(step, progress) }
        let start = DefaultTracerClock.now
        do throws(StoreError) {
            let outcome = try await transact(step, progress)
            for span in spans { span.end(committing: .success(outcome), since: start) }
            return outcome
        } catch {
            for span in spans { span.end(committing: .failure(error), since: start) }
            throw error
        }
    }

    private func transact(_ step: Transaction, _ progress: Progress) async throws(StoreError) -> Outcome {
        self.progress.begin(.committing)
        FaultPoint.commit(module)
        return switch try await store.transact(step) {
        case .committed: .committed(progress)
        case .conflict(.fenced(let lease)): .fenced(by: lease)
        case .conflict(.checkpoint): .overtaken
        case .conflict(.revision), .conflict(.taken), .conflict(.presence): .superseded
        }
    }

    private func move(over events: ArraySlice<RecordedEvent>, from work: Work) -> CheckpointMove {
        let moves = events.lastIDs.map { (stream: $0.key, from: work.positions[$0.key], to: $0.value) }
        return CheckpointMove(module: module, lease: work.lease, positions: moves)
    }
}

extension ArraySlice<RecordedEvent> {
    /// The last event of each stream.
    var lastIDs: [StreamKey: EventID] {
        var ids: [StreamKey: EventID] = [:]
        // Those of one stream mostly stand together, and looking up is what costs.
        for (event, next) in zip(self, dropFirst()) where event.stream != next.stream {
            ids[event.stream] = event.id
        }
        if let last { ids[last.stream] = last.id }
        return ids
    }
}

extension ParkedEvent {
    /// An event that waits behind a parked one.
    init(_ event: RecordedEvent) {
        self.init(
            id: event.id, stream: event.stream, entity: event.entityKey, reason: nil, tries: 0,
            parkedAt: Int64(time(nil)), triedAt: nil)
    }

    /// An event that was tried in vain.
    init(_ event: RecordedEvent, tries: Int, reason: String) {
        let now = Int64(time(nil))
        self.init(
            id: event.id, stream: event.stream, entity: event.entityKey, reason: reason, tries: tries,
            parkedAt: now, triedAt: now)
    }
}
