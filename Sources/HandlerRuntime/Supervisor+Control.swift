import EventStore
import Logging

/// What operators ask for.
extension Supervisor {
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

    func settle(_ runner: ModuleRunner) async {
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
