public import EventStore
public import Logging
public import ServiceLifecycle
import Synchronization

/// Runs the modules: takes their leases, delivers their events, switches them off and on while all else goes on.
public final class Supervisor: Service {
    public let registry: Registry
    public let dispatcher: Dispatcher
    let store: Store
    let owner: String
    let isAlone: Bool
    /// May change while it runs: the lease time holds from the next heartbeat on, the retries from the next failure.
    public let options: Live<Options>
    let logger: Logger
    let runners: [ModuleRunner]
    let gates: Gates
    let periodic: [PeriodicRunner]
    let standing: [StandingRunner]
    /// Rings when events were appended, by whomever.
    public let news: News
    let ready = Latch()
    private let hindrance = Live<String?>(nil)
    let lastHeartbeat = Live(ContinuousClock.now)
    let locks = KeyedLocks()
    /// How long to wait for what is in flight, for modules that are being switched off.
    let drainTimes = Mutex<[String: Duration]>([:])

    public struct Options: Sendable, Equatable {
        /// How long a daemon that died keeps others from its modules.
        public var leaseTime = Duration.seconds(5)
        public var retries = RetryPolicy()
        /// How long a command's first answer is kept under the name that its client gave to it.
        public var answersKept = Duration.seconds(86_400)

        public init() {}
    }

    /// What is switched at one daemon is known to all within this time. Where there is no other, leases alone need it.
    var heartbeatInterval: Duration {
        isAlone ? options.value.leaseTime / 4 : min(.seconds(1), options.value.leaseTime / 4)
    }

    /// - Parameters:
    ///   - owner: this daemon's name, unlike that of any other and of its own former lives.
    ///   - isAlone: no other daemon can be at this Redis: leases that stand are of former lives, and not waited for.
    public init(
        registry: Registry, store: Store, owner: String, isAlone: Bool = false, options: Options = Options(),
        logger: Logger
    ) {
        let gates = Gates(modules: registry.modules.map(\.name))
        let bells = Bells()
        let rightOfWay = RightOfWay()
        let options = Live(options)
        let dispatcher = Dispatcher(
            registry: registry, store: store, gates: gates, options: options, rightOfWay: rightOfWay,
            logger: logger, committed: { bells.ring(for: $0) })
        self.registry = registry
        self.dispatcher = dispatcher
        self.store = store
        self.owner = owner
        self.isAlone = isAlone
        self.options = options
        self.logger = logger
        self.gates = gates
        runners = registry.modules.map { module in
            var logger = logger
            logger[metadataKey: "module"] = "\(module.name)"
            let delivery = EventDelivery(to: module, store: store) { dispatcher.unitOfWork() }
            return ModuleRunner(
                module: module, delivery: delivery, owner: owner, options: options, rightOfWay: rightOfWay,
                logger: logger,
                committed: { bells.ring(for: $0) })
        }
        periodic = runners.flatMap { runner in
            runner.module.periodicWork.map { work in
                var logger = logger
                logger[metadataKey: "module"] = "\(runner.module.name)"
                return PeriodicRunner(
                    work: work, runner: runner, dispatcher: dispatcher, gates: gates, options: options,
                    logger: logger)
            }
        }
        let news = News()
        self.news = news
        standing = runners.flatMap { runner in
            runner.module.standingWork.map { work in
                var logger = logger
                logger[metadataKey: "module"] = "\(runner.module.name)"
                return StandingRunner(
                    work: work, runner: runner, dispatcher: dispatcher, gates: gates, news: news, options: options,
                    logger: logger)
            }
        }
        bells.connect(runners, inline: registry.inlineStreams)
    }

    // MARK: Life

    public func run() async throws {
        do { try await cancelWhenGracefulShutdown { try await self.open() } } catch {
            // The end may come while Redis is still being waited for.
            if Task.isShuttingDownGracefully { return }
            throw error
        }
        hindrance.value = nil
        ready.open()
        try await withThrowingDiscardingTaskGroup { group in
            for runner in runners { group.addTask { await runner.run() } }
            for standing in self.standing { group.addTask { await standing.run() } }
            group.addTask { await self.mendCaches() }
            await cancelWhenGracefulShutdown {
                let executor = EventLoopExecutor(self.store.eventLoop)
                await withDiscardingTaskGroup { group in
                    group.addTask(executorPreference: executor) { await self.keepLeases() }
                    group.addTask(executorPreference: executor) { await self.followSwitches() }
                    group.addTask { await self.listen() }
                    group.addTask(executorPreference: executor) { await self.keepReadModels() }
                    for periodic in self.periodic { group.addTask { await periodic.run() } }
                }
            }
            await stop()
            group.cancelAll()
        }
    }

    /// Returns when every enabled module takes commands and events.
    public func waitUntilReady() async { await ready.wait() }

    /// Why Redis cannot be used yet, while the start waits for it.
    public var obstacle: String? { hindrance.value }

    private func open() async throws {
        var said = ""
        while let reason = try await tryToOpen() {
            if reason.message != said { logger.warning("waiting for Redis", metadata: ["reason": "\(reason)"]) }
            said = reason.message
            hindrance.value = said
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// - Returns: why it must be tried again; nil when it is open.
    private func tryToOpen() async throws(StoreError) -> StoreError? {
        do throws(StoreError) {
            try await store.open()
            try await store.disableAtFirst(runners.map(\.module).filter(\.isOffAtFirst).map(\.name))
            if isAlone { try await store.dropLeases(runners.map(\.module.name)) }
            try await beat()
            return nil
        } catch {
            guard error.code == .unavailable || error.code == .outcomeUnknown else { throw error }
            return error
        }
    }

    private func stop() async {
        for runner in runners { await runner.stop() }
        await withDiscardingTaskGroup { group in
            for standing in self.standing { group.addTask { await standing.settle() } }
        }
        await withDiscardingTaskGroup { group in
            for runner in runners { group.addTask { await self.finish(runner) } }
        }
        try? await store.release(runners.map(\.module.name), owner: owner)
    }

    /// How long a module may take over its last batch. Whoever hangs keeps nobody else from ending in good order.
    private static let finishTime = Duration.seconds(20)

    private func finish(_ runner: ModuleRunner) async {
        guard await isSettled(runner, within: Self.finishTime) else {
            let activity = runner.delivery.progress.glance.activity.map { "\($0)" } ?? ""
            return logger.error(
                "a module does not finish what it has begun",
                metadata: ["module": "\(runner.module.name)", "activity": "\(activity)"])
        }
        if gates.isOpen(runner.module.name) { await runner.module.stop() }
    }

    private func isSettled(_ runner: ModuleRunner, within time: Duration) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await runner.settle()
                return true
            }
            group.addTask {
                try? await Task.sleep(for: time)
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }
}
