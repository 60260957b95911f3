import EventStore
import Logging

/// Delivers events to one module: in order, from its checkpoint on, effects and checkpoint in one step.
///
/// It works while the module is enabled and its lease is here, and sleeps until the bell rings otherwise.
actor ModuleRunner {
    nonisolated let module: any HandlerModule
    nonisolated let bell = Bell()

    private let delivery: EventDelivery
    private let owner: String
    private let committed: @Sendable (Set<StreamKey>) -> Void
    private let logger: Logger

    private var isEnabled = false
    private var leaseOwner: String?
    private var isStopping = false
    private var isBusy = false
    private var settlers: [Latch] = []
    private var backOff = BackOff()
    private var failure: (reason: String, until: ContinuousClock.Instant)?
    private var isBehind = false
    /// How often in a row somebody else moved first.
    private var supersessions = 0
    private(set) var handled = 0

    /// Many events a step while all goes well, one while an event fails: the others before it still get through.
    private var batchSize = ModuleRunner.fullBatch
    private static let fullBatch = 256

    /// - Parameter committed: called after reactions appended events, with their streams.
    init(
        module: any HandlerModule, delivery: EventDelivery, owner: String, logger: Logger,
        committed: @escaping @Sendable (Set<StreamKey>) -> Void
    ) {
        self.module = module
        self.delivery = delivery
        self.owner = owner
        self.committed = committed
        self.logger = logger
    }

    // MARK: Control

    /// Takes over what the heartbeat said.
    func apply(_ standing: ModuleStanding) {
        let couldWork = mayWork
        isEnabled = standing.isEnabled
        leaseOwner = standing.owner
        if mayWork && !couldWork { bell.ring() }
    }

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
        // A module that handles no events needs no lease.
        if delivery.streams.isEmpty { return .running }
        if leaseOwner != owner { return .standby(owner: leaseOwner) }
        if let failure { return .backingOff(reason: failure.reason, until: failure.until) }
        return isBehind ? .catchingUp : .running
    }

    private var mayWork: Bool { isEnabled && !isStopping && leaseOwner == owner }

    // MARK: Work

    /// Runs until `stop`.
    func run() async {
        guard !delivery.streams.isEmpty else { return }
        await withDiscardingTaskGroup { group in
            for await _ in bell.rings {
                if let pause = await work() { ring(after: pause, in: &group) }
            }
            group.cancelAll()
        }
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
        if let failure, failure.until > .now { return nil }
        isBusy = true
        defer { rest() }
        do {
            try await catchUp()
            failure = nil
            return nil
        } catch {
            return fail(error)
        }
    }

    private func rest() {
        isBusy = false
        for settler in settlers { settler.open() }
        settlers = []
    }

    private func fail(_ error: any Error) -> Duration {
        batchSize = 1
        let isRedisAway = (error as? StoreError).map { $0.code == .unavailable || $0.code == .outcomeUnknown }
        // Redis's absence is nobody's failure, and its return is not to be slept through.
        let pause = isRedisAway == true ? .milliseconds(Int.random(in: 100...300)) : backOff.next()
        failure = ("\(error)", .now + pause)
        logger.log(
            level: isRedisAway == true ? .debug : .warning, "handling an event failed; it will be tried again",
            metadata: ["reason": "\(error)", "pause": "\(pause)"])
        return pause
    }

    private func catchUp() async throws {
        guard mayWork else { return }
        // Read anew at every ring: commands move the checkpoint of what they have projected themselves.
        var positions = try await delivery.checkpoint()
        while mayWork {
            let batch = try await delivery.read(after: positions, count: batchSize)
            isBehind = batch.events.count >= Self.fullBatch
            if batch.events.isEmpty { return }
            let isThere = try await deliver(batch, from: positions)
            positions = isThere ? batch.positions : try await delivery.checkpoint()
        }
    }

    private func succeed(_ count: Int) {
        supersessions = 0
        handled += count
        batchSize = min(batchSize * 2, Self.fullBatch)
        failure = nil
        backOff.reset()
    }

    /// - Returns: whether the checkpoint is where the batch ends.
    private func deliver(_ batch: EventBatch, from positions: [StreamKey: EventID]) async throws -> Bool {
        switch try await delivery.deliver(batch, from: positions) {
        case .committed(let count, let streams):
            committed(streams)
            succeed(count)
            // Effects in a stream of the module's own have moved its checkpoint there too.
            return streams.isEmpty
        case .superseded:
            supersessions += 1
            if supersessions > 20 {
                throw Refusal(.conflict, "the effects of an event conflict with what is there")
            }
            return false
        case .fenced(let holder):
            leaseOwner = holder
            return false
        }
    }
}

/// Exponential pauses with jitter, so that what failed together does not come back together.
struct BackOff: Sendable {
    private var failures = 0

    mutating func next() -> Duration {
        failures += 1
        let ceiling = min(100 * Double(1 << min(failures, 9)), 30_000)
        return .milliseconds(Int(Double.random(in: ceiling / 2...ceiling)))
    }

    mutating func reset() { failures = 0 }
}
