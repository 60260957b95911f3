import EventStore

/// Brings one module's events to its reactions and commits what comes of them.
struct EventDelivery: Sendable {
    enum Outcome: Sendable {
        /// With the streams that effects were appended to.
        case committed(Set<StreamKey>)
        /// Somebody else moved first: look again where to go on.
        case superseded
        /// Another daemon has the module's lease.
        case fenced(owner: String?)
    }

    let module: String
    let streams: [StreamKey]
    private let store: Store
    private let owner: String
    private let unitOfWork: @Sendable () -> UnitOfWork
    private let reactions: [StreamKey: [Subscription]]
    private let ownStreams: Set<StreamKey>

    init(
        to module: any HandlerModule, store: Store, owner: String,
        unitOfWork: @escaping @Sendable () -> UnitOfWork
    ) {
        self.module = module.name
        self.store = store
        self.owner = owner
        self.unitOfWork = unitOfWork
        streams = module.streams
        reactions = Dictionary(grouping: module.subscriptions, by: \.stream)
        ownStreams = Set(module.topics.flatMap(\.streams))
    }

    func checkpoint() async throws(StoreError) -> [StreamKey: EventID] {
        try await store.checkpoint(of: module)
    }

    func read(after positions: [StreamKey: EventID], count: Int) async throws(StoreError) -> EventBatch {
        try await store.read(streams, after: positions, count: count)
    }

    /// Runs the reactions to a batch and commits their effects with the checkpoint, in one step.
    func deliver(_ batch: EventBatch, from positions: [StreamKey: EventID]) async throws -> Outcome {
        let own = batch.events.filter { ownStreams.contains($0.stream) }
        if !own.isEmpty { try await store.adopt(own) }
        let unit = unitOfWork()
        try await unit.glimpse(batch.events.flatMap(looksAt))
        for event in batch.events { try await react(to: event, in: unit) }
        let move = checkpointMove(over: batch, from: positions)
        switch try await store.transact(unit.transaction(checkpoint: move)) {
        case .committed: return .committed(unit.streams)
        case .conflict(.fenced(let holder)): return .fenced(owner: holder)
        case .conflict(.checkpoint), .conflict(.revision), .conflict(.taken): return .superseded
        }
    }

    private func looksAt(_ event: RecordedEvent) -> [EntityReference] {
        let subscriptions = reactions[event.stream] ?? []
        guard !subscriptions.isEmpty, let entity = event.decoded() else { return [] }
        return subscriptions.flatMap { $0.looksAt(entity) }
    }

    private func react(to event: RecordedEvent, in unit: UnitOfWork) async throws {
        unit.cause = event.id
        for subscription in reactions[event.stream] ?? [] { try await subscription.reaction(event, unit) }
    }

    private func checkpointMove(
        over batch: EventBatch, from positions: [StreamKey: EventID]
    ) -> CheckpointMove {
        let moves = Set(batch.events.map(\.stream)).compactMap { stream in
            batch.positions[stream].map { (stream: stream, from: positions[stream], to: $0) }
        }
        return CheckpointMove(module: module, owner: owner, positions: moves)
    }
}
