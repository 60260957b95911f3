import EventStore
import Logging
import Synchronization

/// What operators ask for.
extension Supervisor {
    /// Switches a module on or off, for every daemon of the shop and until it is said otherwise.
    ///
    /// Disabling returns when the batch and the commands in flight are done: then its checkpoint stands still. What is
    /// still in flight after the time given can no longer be committed.
    public func disable(_ name: String, within time: Duration = Supervisor.drainTime) async throws(Refusal) {
        drainTimes.withLock { $0[name] = time }
        try await setEnabled(false, module: name)
    }

    public static let drainTime = Duration.seconds(5)

    /// Stops a module behind the batch in flight, and starts it again. Other daemons are not asked.
    public func restart(_ name: String) async throws(Refusal) {
        let runner = try runner(name)
        guard gates.closure(of: name) != .disabled else {
            throw Refusal(.moduleDisabled, "the module \(name) is disabled: enable it with module.enable")
        }
        try await ask { () throws(StoreError) in try await restart(runner) }
        if case .failed(let reason) = gates.closure(of: name) {
            throw Refusal(.internalError, "the module \(name) does not start, which is tried again: \(reason)")
        }
    }

    public func setEnabled(_ isEnabled: Bool, module name: String) async throws(Refusal) {
        let offAtFirst = try runner(name).module.isOffAtFirst
        do {
            try await store.setEnabled(isEnabled, module: name, offAtFirst: offAtFirst)
            try await beat()
        } catch { throw Refusal(error) }
        if case .failed(let reason) = gates.closure(of: name) {
            throw Refusal(.internalError, "the module \(name) does not start, which is tried again: \(reason)")
        }
    }

    func settle(_ runner: ModuleRunner) async {
        await withTaskGroup { [gates] group in
            group.addTask {
                await runner.settle()
                await gates.settle(runner.module.name)
            }
            group.addTask { [time = drainTimes.withLock { $0[runner.module.name] ?? Self.drainTime }] in
                try? await Task.sleep(for: time)
            }
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

    func mendCaches() async {
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
        for runner in runners { list.append(await status(of: runner)) }
        return list
    }

    func status(of runner: ModuleRunner) async -> ModuleStatus {
        let module = runner.module
        return ModuleStatus(
            name: module.name, summary: module.summary, isEnabled: gates.closure(of: module.name) != .disabled,
            state: await runner.state, handled: await runner.handled, rate: await runner.eventsPerSecond,
            lag: await lag(of: module), parked: try? await store.parkedCount(module.name))
    }

    /// How far each module has come with what it is at. Answers at once, also when a module hangs.
    public var progress: [(module: String, glance: ModuleProgress.Glance)] {
        runners.map { ($0.module.name, $0.delivery.progress.glance) }
            + periodic.map { ($0.runner.module.name, $0.progress.glance) }
    }

    private func lag(of module: any HandlerModule) async -> Int? {
        if module.streams.isEmpty { return 0 }
        guard let positions = try? await store.checkpoint(of: module.name) else { return nil }
        return try? await store.lag(of: module.streams, behind: positions).values.reduce(0, +)
    }

    func runner(_ name: String) throws(Refusal) -> ModuleRunner {
        guard let runner = runners.first(where: { $0.module.name == name }) else {
            let known = registry.modules.map(\.name).joined(separator: ", ")
            throw Refusal(.notFound, "there is no module \(name.prefix(100)): there are \(known)")
        }
        return runner
    }
}
