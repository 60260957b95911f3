public import EventStore
public import Logging
public import ServiceLifecycle
import Synchronization

/// Runs the modules: takes their leases, delivers their events, switches them off and on while all else goes on.
public final class Supervisor: Service {
    public let registry: Registry
    public let dispatcher: Dispatcher
    private let store: Store
    private let owner: String
    private let isAlone: Bool
    private let logger: Logger
    private let runners: [ModuleRunner]
    private let gates: Gates
    private let ready = Latch()
    private let locks = KeyedLocks()

    /// How long a daemon that died keeps others from its modules.
    public static let leaseTime = Duration.seconds(5)
    private static let heartbeatInterval = Duration.milliseconds(800)

    /// - Parameters:
    ///   - owner: this daemon's name, unlike that of any other and of its own former lives.
    ///   - isAlone: no other daemon can be at this Redis: leases that stand are of former lives, and not waited for.
    public init(registry: Registry, store: Store, owner: String, isAlone: Bool = false, logger: Logger) {
        let gates = Gates(modules: registry.modules.map(\.name))
        let bells = Bells()
        let dispatcher = Dispatcher(
            registry: registry, store: store, gates: gates, logger: logger, committed: { bells.ring(for: $0) })
        self.registry = registry
        self.dispatcher = dispatcher
        self.store = store
        self.owner = owner
        self.isAlone = isAlone
        self.logger = logger
        self.gates = gates
        runners = registry.modules.map { module in
            var logger = logger
            logger[metadataKey: "module"] = "\(module.name)"
            let delivery = EventDelivery(to: module, store: store, owner: owner) { dispatcher.unitOfWork() }
            return ModuleRunner(
                module: module, delivery: delivery, owner: owner, logger: logger, committed: { bells.ring(for: $0) }
            )
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
        for runner in runners where gates.isOpen(runner.module.name) { try await runner.module.start() }
        ready.open()
        try await withThrowingDiscardingTaskGroup { group in
            for runner in runners { group.addTask { await runner.run() } }
            group.addTask { await self.mendCaches() }
            await cancelWhenGracefulShutdown {
                await withDiscardingTaskGroup { group in
                    group.addTask { await self.keepLeases() }
                    group.addTask { await self.followSwitches() }
                    group.addTask { await self.listen() }
                }
            }
            await stop()
            group.cancelAll()
        }
    }

    /// Returns when every enabled module takes commands and events.
    public func waitUntilReady() async { await ready.wait() }

    private func open() async throws {
        var said = ""
        while let reason = try await tryToOpen() {
            if reason.message != said { logger.warning("waiting for Redis", metadata: ["reason": "\(reason)"]) }
            said = reason.message
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// - Returns: why it must be tried again; nil when it is open.
    private func tryToOpen() async throws(StoreError) -> StoreError? {
        do throws(StoreError) {
            try await store.open()
            if isAlone { try await store.dropLeases(runners.map(\.module.name)) }
            _ = try await beat()
            return nil
        } catch {
            guard error.code == .unavailable || error.code == .outcomeUnknown else { throw error }
            return error
        }
    }

    private func stop() async {
        for runner in runners { await runner.stop() }
        for runner in runners {
            await runner.settle()
            if gates.isOpen(runner.module.name) { await runner.module.stop() }
        }
        try? await store.release(runners.map(\.module.name), owner: owner)
    }

    // MARK: Leases

    /// By itself: leases must not run out while a module takes its time to stop.
    private func keepLeases() async {
        while (try? await Task.sleep(for: Self.heartbeatInterval)) != nil {
            do { _ = try await heartbeat() } catch {
                logger.debug("the heartbeat failed", metadata: ["reason": "\(error)"])
            }
        }
    }

    private func heartbeat() async throws(StoreError) -> [ModuleStanding] {
        try await store.heartbeat(runners.map(\.module.name), owner: owner, time: Self.leaseTime)
    }

    private func followSwitches() async {
        while (try? await Task.sleep(for: Self.heartbeatInterval)) != nil { _ = try? await beat() }
    }

    /// One after the other: what an older heartbeat said must not be applied behind a newer one.
    /// - Returns: the modules that did not start, and why. The others are none the worse for it.
    private func beat() async throws(StoreError) -> [String: any Error] {
        try await locks.withLocks(["heartbeat"]) { () async throws(StoreError) -> [String: any Error] in
            try await beatAlone()
        }
    }

    private func beatAlone() async throws(StoreError) -> [String: any Error] {
        let standings = try await heartbeat()
        var failures: [String: any Error] = [:]
        for (runner, standing) in zip(runners, standings) {
            do { try await apply(standing, to: runner) } catch { failures[runner.module.name] = error }
        }
        return failures
    }

    /// What was switched at another daemon is switched here too.
    private func apply(_ standing: ModuleStanding, to runner: ModuleRunner) async throws {
        let name = runner.module.name
        if standing.isEnabled, !gates.isOpen(name) {
            if ready.isOpen { try await runner.module.start() }
            await runner.apply(standing)
            gates.set(name, open: true)
            logger.notice("module enabled", metadata: ["module": "\(name)"])
        } else if !standing.isEnabled, gates.isOpen(name) {
            gates.set(name, open: false)
            await runner.apply(standing)
            if ready.isOpen {
                await settle(runner)
                await runner.module.stop()
            }
            logger.notice("module disabled", metadata: ["module": "\(name)"])
        } else {
            await runner.apply(standing)
        }
    }

    private func listen() async {
        while !Task.isCancelled {
            do {
                try await store.listen { [runners] in for runner in runners { runner.bell.ring() } }
            } catch {
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    // MARK: Control

    /// Switches a module on or off, for every daemon of the shop and until it is said otherwise.
    ///
    /// Disabling returns when the batch and the commands in flight are done (at most 5 s): then its checkpoint
    /// stands still.
    public func setEnabled(_ isEnabled: Bool, module name: String) async throws(Refusal) {
        _ = try runner(name)
        let failures: [String: any Error]
        do {
            try await store.setEnabled(isEnabled, module: name)
            failures = try await beat()
        } catch { throw Refusal(error) }
        if let failure = failures[name] {
            throw Refusal(.internalError, "the module \(name) did not start: \(failure)")
        }
    }

    private func settle(_ runner: ModuleRunner) async {
        await withTaskGroup { [gates] group in
            group.addTask {
                await runner.settle()
                await gates.settle(runner.module.name)
            }
            group.addTask { try? await Task.sleep(for: .seconds(5)) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Writes the entity cache of a module's topics anew from the events.
    /// - Returns: how many entities there are.
    public func rebuildCache(of name: String) async throws(Refusal) -> Int {
        var count = 0
        for topic in try runner(name).module.topics {
            do { count += try await store.rebuildCache(topic) } catch { throw Refusal(error) }
        }
        return count
    }

    private func mendCaches() async {
        for topic in store.topics {
            do {
                guard try await store.isCacheMissing(topic) else { continue }
                let count = try await store.rebuildCache(topic)
                logger.notice(
                    "rebuilt a missing entity cache", metadata: ["topic": "\(topic.topic)", "entities": "\(count)"])
            } catch {
                logger.warning(
                    "an entity cache could not be checked",
                    metadata: ["topic": "\(topic.topic)", "reason": "\(error)"])
            }
        }
    }

    public func status() async -> [ModuleStatus] {
        var list: [ModuleStatus] = []
        for runner in runners {
            let state = await runner.state
            list.append(
                ModuleStatus(
                    name: runner.module.name, summary: runner.module.summary,
                    isEnabled: gates.isOpen(runner.module.name), state: state, handled: await runner.handled,
                    lag: await lag(of: runner.module)))
        }
        return list
    }

    /// Returns true as soon as every runner has answered: none of them is stuck.
    public func isResponsive() async -> Bool {
        for runner in runners { _ = await runner.state }
        return true
    }

    private func lag(of module: any HandlerModule) async -> Int? {
        if module.streams.isEmpty { return 0 }
        guard let positions = try? await store.checkpoint(of: module.name) else { return nil }
        return try? await store.lag(of: module.streams, behind: positions)
    }

    private func runner(_ name: String) throws(Refusal) -> ModuleRunner {
        guard let runner = runners.first(where: { $0.module.name == name }) else {
            let known = registry.modules.map(\.name).joined(separator: ", ")
            throw Refusal(.notFound, "there is no module \(name.prefix(100)): there are \(known)")
        }
        return runner
    }
}

/// The runners' bells, for those who are made before the runners.
private final class Bells: Sendable {
    private let bells = Mutex<[StreamKey: [Bell]]>([:])

    /// - Parameter inline: streams whose owner need not hear of them.
    func connect(_ runners: [ModuleRunner], inline: Set<StreamKey>) {
        let pairs = runners.flatMap { runner in
            runner.module.heard(inline: inline).map { (stream: $0, bell: runner.bell) }
        }
        bells.withLock { $0 = Dictionary(grouping: pairs, by: \.stream).mapValues { $0.map(\.bell) } }
    }

    func ring(for streams: Set<StreamKey>) {
        let bells = bells.withLock(\.self)
        for stream in streams { for bell in bells[stream] ?? [] { bell.ring() } }
    }
}
