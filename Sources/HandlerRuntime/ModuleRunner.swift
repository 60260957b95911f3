import CoreMetrics
import EventStore
import Logging

/// Delivers events to one module: in order, from its checkpoint on, effects and checkpoint in one step.
///
/// It works while the module is enabled and its lease is here, and sleeps until the bell rings otherwise.
actor ModuleRunner {
    nonisolated let module: any HandlerModule
    nonisolated let bell = Bell()
    nonisolated let delivery: EventDelivery
    /// Rings when the module may begin to work here, or must end.
    nonisolated let changes = News()
    private let metrics: ModuleMetrics

    private let owner: String
    private let options: Live<Supervisor.Options>
    private let rightOfWay: RightOfWay
    let committed: @Sendable (Set<StreamKey>) -> Void
    private let logger: Logger

    // What the heartbeat says.
    private var isEnabled = false { didSet { if isEnabled != oldValue { changes.ring() } } }
    var lease: Lease? { didSet { if lease != oldValue { changes.ring() } } }
    /// Why the module does not start.
    private var startFailure: String? { didSet { if startFailure != oldValue { changes.ring() } } }

    // The work.
    private(set) var isStopping = false { didSet { changes.ring() } }
    private var isBusy = false
    private var settlers: [Latch] = []
    private var backOff = BackOff()
    private var trouble: (reason: String, until: ContinuousClock.Instant)?
    /// The tries of the events that are next, where some were not committed.
    private var tries: DeliveryStanding.Tries?
    private var lastError = ended
    private static let ended = "the process ended while it was handled"
    /// After so long the next postponed event is due.
    private var alarm: Duration?
    /// When the bell will ring for one.
    private var alarmSet: ContinuousClock.Instant?
    /// Whether a former life's tries are known.
    private var isBriefed = false
    private var positions: [StreamKey: EventID]?
    private var standing = DeliveryStanding()
    private var isBehind = false
    private var batchSize = BatchSize()
    /// The events behind the batch in hand, and where they begin.
    private var ahead: (after: [StreamKey: EventID], batch: EventBatch)?
    /// How often in a row somebody else moved first.
    var supersessions = 0

    private(set) var handled = 0
    private var rate = Rate()
    var eventsPerSecond: Double { rate.perSecond() }

    /// - Parameter committed: called after reactions appended events, with their streams.
    init(
        module: any HandlerModule, delivery: EventDelivery, owner: String, options: Live<Supervisor.Options>,
        rightOfWay: RightOfWay, logger: Logger,
        committed: @escaping @Sendable (Set<StreamKey>) -> Void
    ) {
        self.module = module
        self.delivery = delivery
        metrics = ModuleMetrics(module: module.name)
        self.owner = owner
        self.options = options
        self.rightOfWay = rightOfWay
        self.committed = committed
        self.logger = logger
    }

    private var policy: RetryPolicy { options.value.retries }

    // MARK: Control

    /// Takes over what the heartbeat said.
    func apply(_ new: ModuleStanding) {
        let couldWork = mayWork
        if new.lease != lease { isBriefed = false }
        isEnabled = new.isEnabled
        lease = new.lease
        startFailure = nil
        if mayWork && !couldWork { bell.ring() }
    }

    /// The module is enabled, but does not start.
    func fail(_ reason: String) {
        isEnabled = true
        startFailure = reason
    }

    /// Takes no further batch until the next heartbeat is applied.
    func suspend() { lease = nil }

    /// Ends the work behind the batch in flight.
    func stop() {
        isStopping = true
        bell.silence()
    }

    /// Waits until no batch is in flight, or the task is cancelled.
    func settle() async {
        if !isBusy { return }
        let isDone = Latch()
        settlers.append(isDone)
        await isDone.wait()
    }

    var state: ModuleState {
        if isStopping { return .stopped }
        if !isEnabled { return .disabled }
        if let startFailure { return .failed(reason: startFailure) }
        // A module that handles no events needs no lease.
        if delivery.streams.isEmpty { return .running }
        if lease?.owner != owner { return .standby(owner: lease?.owner) }
        if let trouble { return .backingOff(reason: trouble.reason, until: trouble.until) }
        if standing.replay != nil { return .replaying }
        return isBehind ? .catchingUp : .running
    }

    /// The lease, while there may be work under it.
    var workingLease: Lease? {
        guard isEnabled, !isStopping, startFailure == nil, let lease, lease.owner == owner else { return nil }
        return lease
    }

    private var mayWork: Bool { workingLease != nil }

    /// Who handles the module's events, as the last heartbeat said.
    var currentLease: Lease? { lease }

    // MARK: Work

    /// Runs until `stop`.
    func run() async {
        guard !delivery.streams.isEmpty else { return }
        await withDiscardingTaskGroup { group in
            for await _ in bell.rings {
                if let pause = await work() { ring(after: pause, in: &group) }
                setAlarm(in: &group)
            }
            group.cancelAll()
        }
    }

    /// One alarm at a time, unless an earlier one is needed.
    private func setAlarm(in group: inout DiscardingTaskGroup) {
        guard let time = alarm.map({ ContinuousClock.now + $0 }) else { return }
        alarm = nil
        if let alarmSet, alarmSet > .now, alarmSet <= time { return }
        alarmSet = time
        ring(after: time - .now, in: &group)
    }

    private func ring(after pause: Duration, in group: inout DiscardingTaskGroup) {
        group.addTask { [bell] in
            try? await Task.sleep(for: pause)
            bell.ring()
        }
    }

    /// Handles all that there is.
    /// - Returns: for how long to sleep before the next try, where one failed.
    private func work() async -> Duration? {
        if let trouble, trouble.until > .now { return nil }
        isBusy = true
        defer { rest() }
        do {
            try await catchUp()
            trouble = nil
            return nil
        } catch {
            return pause(after: error)
        }
    }

    private func rest() {
        isBusy = false
        delivery.progress.begin(nil)
        for settler in settlers { settler.open() }
        settlers = []
    }

    private func catchUp() async throws {
        while let lease = workingLease {
            delivery.progress.begin(.readingEvents)
            let poll = try await poll()
            positions = poll.positions
            try await brief(poll.standing)
            isBehind = poll.batch.isFull
            try await askForDueRetries()
            if standing.hasRetries, try await retryParked(under: lease) { continue }
            if try await endReplay(poll) { continue }
            if poll.batch.events.isEmpty { return }
            let start = ContinuousClock.now
            try await handle(poll, under: lease)
            if isBehind { await giveWay(since: start) }
        }
    }

    private func giveWay(since start: ContinuousClock.Instant) async {
        guard !isStopping, let rest = rightOfWay.rest(after: .now - start) else { return }
        delivery.progress.begin(nil)
        try? await Task.sleep(for: rest)
    }

    /// How many events of each stream to take at once.
    private var count: Int { batchSize.count(givingWayTo: rightOfWay.holder) }

    private func poll() async throws(StoreError) -> Poll {
        let known = ahead.flatMap { $0.after == positions ? $0.batch : nil }
        ahead = nil
        return try await delivery.poll(expecting: positions, ahead: known, count: count)
    }

    private func brief(_ new: DeliveryStanding) async throws(StoreError) {
        // What is handled once more in a replay has not failed yet.
        if new.replay != nil, new.replay != standing.replay { tries = nil }
        standing = new
        if isBriefed { return }
        try await delivery.store.forgetRetries(module.name)
        if let found = new.tries, found.owner != owner {
            tries = try await delivery.store.inherited(found)
            lastError = Self.ended
        }
        isBriefed = true
    }

    /// Postponed events whose time has come are tried again; for those to come the bell is set.
    private func askForDueRetries() async throws(StoreError) {
        guard let due = standing.nextDue else { return }
        let now = Postponed("", for: .zero).due
        if due <= now {
            try await delivery.store.askForDueRetries(module.name, at: now)
            standing.hasRetries = true
        }
        alarm = .milliseconds(max(10, due - now))
    }

    private func endReplay(_ poll: Poll) async throws -> Bool {
        guard let replay = standing.replay else { return false }
        if let next = poll.batch.events.first, next.id <= replay.until { return false }
        try await delivery.store.endReplay(of: module.name)
        logger.notice("the replay is done")
        return true
    }

    // MARK: Events

    private func handle(_ poll: Poll, under lease: Lease) async throws {
        let first = poll.batch.events[0]
        let tried = tries?.count(of: first.id) ?? 0
        // What has failed before goes by itself, so that it takes nothing else with it.
        let work = EventDelivery.Work(
            events: poll.batch.events.prefix(tried > 0 ? 1 : count), positions: poll.positions,
            standing: standing, lease: lease, attempt: tried + 1, begun: tries?.begun ?? .zero)
        if tried >= policy.tries { return try await park(first, of: work) }
        do throws(EventDelivery.Failure) {
            try await settle(try await deliverReadingAhead(work), work)
        } catch {
            try fail(error, work)
        }
    }

    /// While events are handled, those behind them are read.
    private func deliverReadingAhead(
        _ work: EventDelivery.Work
    ) async throws(EventDelivery.Failure) -> EventDelivery.Outcome {
        guard isBehind else {
            rightOfWay.takeForModule()
            return try await deliver(work)
        }
        let after = work.positions.merging(work.events.lastIDs) { $1 }
        let start = ContinuousClock.now
        async let next = delivery.read(after: after, count: count)
        let outcome = try await deliver(work)
        batchSize.adapt(to: .now - start)
        if let batch = await next { ahead = (after, batch) }
        return outcome
    }

    private func deliver(_ work: EventDelivery.Work) async throws(EventDelivery.Failure) -> EventDelivery.Outcome {
        do { return try await delivery.deliver(work) } catch {
            throw error as? EventDelivery.Failure ?? .init(through: work.events[0].id, error: error)
        }
    }

    private func settle(
        _ outcome: EventDelivery.Outcome, _ work: EventDelivery.Work
    ) async throws(EventDelivery.Failure) {
        switch outcome {
        case .committed(let progress):
            if let tries, let last = work.events.last, last.id >= tries.begun { self.tries = nil }
            if progress.events < work.events.count, delivery.ordering == .entity { leaveUndone(work) }
            succeed(progress)
        case .superseded:
            leaveUndone(work)
            try supersede(work)
        case .overtaken:
            // However often: each time there is less to do.
            leaveUndone(work)
            positions = nil
        case .fenced(let other):
            leaveUndone(work)
            lease = other
        }
    }

    /// What the reactions did outside of the store may have happened: the next try is a repeat, but not a second try.
    private func leaveUndone(_ work: EventDelivery.Work) {
        guard let last = work.events.last else { return }
        let begun = DeliveryStanding.Tries(
            count: work.attempt, through: last.id, begun: work.begun, owner: owner)
        tries = begun.withoutLast
    }

    private func succeed(_ progress: EventDelivery.Progress) {
        positions = progress.positions
        supersessions = 0
        handled += progress.events
        metrics.handled.increment(by: progress.events)
        rate.note(progress.events)
        trouble = nil
        backOff.reset()
        committed(progress.effects)
        guard let failure = progress.failure else { return }
        // Those before it are done; it is tried again by itself, at once.
        if !isTransient(failure.error) { note(failure, attempt: 1) }
    }

    private func supersede(_ work: EventDelivery.Work) throws(EventDelivery.Failure) {
        positions = nil
        supersessions += 1
        guard supersessions > 20 else { return }
        throw conflict(at: work.events[0])
    }

    func conflict(at event: RecordedEvent) -> EventDelivery.Failure {
        supersessions = 0
        return EventDelivery.Failure(
            through: event.id, error: Refusal(.conflict, "the effects of the event conflict with what is there"))
    }

    // MARK: Failures

    /// - Throws: what there is to wait for.
    private func fail(_ failure: EventDelivery.Failure, _ work: EventDelivery.Work) throws {
        if isTransient(failure.error) {
            if delivery.ordering == .entity { leaveUndone(work) }
            throw failure.error
        }
        note(failure, attempt: work.attempt)
        // The last try is followed by parking, at once.
        if work.attempt < policy.tries { throw failure.error }
    }

    private func note(_ failure: EventDelivery.Failure, attempt: Int) {
        tries = DeliveryStanding.Tries(
            count: attempt, through: failure.through, begun: tries?.begun ?? .zero, owner: owner)
        lastError = "\(failure.error)"
        metrics.retries.increment()
        logger.warning(
            "an event could not be handled",
            metadata: [
                "event": "\(failure.through)", "reason": "\(failure.error)", "try": "\(attempt)",
                "of": "\(policy.tries)",
            ])
    }

    private func pause(after error: any Error) -> Duration {
        // Redis's absence is nobody's failure, and its return is not to be slept through.
        let isRedisAway = error is StoreError && isTransient(error)
        let pause =
            isRedisAway
            ? .milliseconds(Int.random(in: 100...300))
            : (error as? TryLater)?.pause ?? backOff.next(policy)
        // Said once, not at every try; an event that fails was spoken of.
        let isNew = trouble?.reason != "\(error)" && isTransient(error) && !isRedisAway
        trouble = ("\(error)", .now + pause)
        logger.log(
            level: isNew ? .warning : .debug, "backing off",
            metadata: ["reason": "\(error)", "pause": "\(pause)"])
        return pause
    }

    private func park(_ event: RecordedEvent, of work: EventDelivery.Work) async throws {
        let parked = ParkedEvent(event, tries: work.attempt - 1, reason: lastError)
        switch try await delivery.park(parked, event, of: work) {
        case .committed(let progress):
            succeed(progress)
            metrics.parked.increment()
            // Those behind it may have been begun with it.
            tries = tries.map { .init(count: 1, through: $0.begun, owner: owner) }
            logger.error(
                "an event is parked",
                metadata: [
                    "event": "\(event.id)", "entity": "\(event.entityKey)", "reason": "\(parked.reason ?? "")",
                ])
        case .superseded, .overtaken: positions = nil
        case .fenced(let other): lease = other
        }
    }
}
