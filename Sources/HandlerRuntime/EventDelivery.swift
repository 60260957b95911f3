import EventStore

/// Brings one module's events to its reactions and commits what comes of them.
struct EventDelivery: Sendable {
    enum Outcome: Sendable {
        /// So many events of the batch; and the streams that their effects were appended to.
        case committed(events: Int, effects: Set<StreamKey>)
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
        var handled = 0
        for event in batch.events where unit.events.count < Self.maxEffects {
            try await react(to: event, in: unit)
            handled += 1
        }
        let move = checkpointMove(over: batch.events.prefix(handled), from: positions)
        switch try await store.transact(unit.transaction(checkpoint: move)) {
        case .committed: return .committed(events: handled, effects: unit.streams)
        case .conflict(.fenced(let holder)): return .fenced(owner: holder)
        case .conflict(.checkpoint), .conflict(.revision), .conflict(.taken), .conflict(.presence):
            return .superseded
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

    /// A step with more effects takes no further event: one step blocks Redis while it lasts.
    private static let maxEffects = 512

    private func checkpointMove(
        over events: ArraySlice<RecordedEvent>, from positions: [StreamKey: EventID]
    ) -> CheckpointMove {
        let last = Dictionary(events.map { ($0.stream, $0.id) }) { $1 }
        let moves = last.map { (stream: $0.key, from: positions[$0.key], to: $0.value) }
        return CheckpointMove(module: module, owner: owner, positions: moves)
    }
}
