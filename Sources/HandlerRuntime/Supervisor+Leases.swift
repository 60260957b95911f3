import EventStore
import Logging

/// Which modules work here: leases, and what was switched at other daemons.
extension Supervisor {
    /// Leases must not run out while a module takes its time to start or stop, and what the last heartbeat said is
    /// still being applied. Otherwise those that follow the switches keep the leases as well.
    func keepLeases() async {
        while (try? await store.eventLoop.sleep(for: heartbeatInterval * 2)) != nil {
            if ContinuousClock.now - lastHeartbeat.value < heartbeatInterval * 1.5 { continue }
            do { _ = try await heartbeat() } catch {
                logger.debug("the heartbeat failed", metadata: ["reason": "\(error)"])
            }
        }
    }

    private func heartbeat() async throws(StoreError) -> [ModuleStanding] {
        lastHeartbeat.value = .now
        // A module that does not start here may start elsewhere.
        let failing = runners.map(\.module.name).filter { gates.hasFailed($0) }
        return try await store.heartbeat(
            runners.map(\.module.name), owner: owner, except: Set(failing), time: options.value.leaseTime)
    }

    func followSwitches() async {
        while (try? await store.eventLoop.sleep(for: heartbeatInterval)) != nil {
            try? await beat()
        }
    }

    /// One after the other: what an older heartbeat said must not be applied behind a newer one.
    func beat() async throws(StoreError) {
        try await locks.withLocks(["heartbeat"]) { () async throws(StoreError) in
            let standings = try await heartbeat()
            for (runner, standing) in zip(runners, standings) { await apply(standing, to: runner) }
        }
    }

    /// What was switched at another daemon is switched here too.
    private func apply(_ standing: ModuleStanding, to runner: ModuleRunner) async {
        switch (standing.isEnabled, gates.isOpen(runner.module.name)) {
        case (true, false): await start(runner, standing)
        case (false, true): await stop(runner, standing)
        case (true, true): await runner.apply(standing)
        case (false, false):
            gates.close(runner.module.name, .disabled)
            await runner.apply(standing)
        }
    }

    /// A module that does not start is tried again at the next heartbeat. The others are none the worse for it.
    private func start(_ runner: ModuleRunner, _ standing: ModuleStanding) async {
        let name = runner.module.name
        runner.delivery.progress.begin(.starting)
        defer { runner.delivery.progress.begin(nil) }
        do { try await runner.module.startApart() } catch {
            let failure = Gates.Closure.failed(reason: "\(error)")
            if gates.closure(of: name) != failure {
                logger.error("a module does not start", metadata: ["module": "\(name)", "reason": "\(error)"])
            }
            gates.close(name, failure)
            await runner.fail("\(error)")
            try? await store.release([name], owner: owner)
            return
        }
        await runner.apply(standing)
        if gates.closure(of: name) != .starting { logger.notice("module enabled", metadata: ["module": "\(name)"]) }
        gates.open(name)
    }

    func restart(_ runner: ModuleRunner) async throws(StoreError) {
        try await locks.withLocks(["heartbeat"]) { () async throws(StoreError) in
            gates.close(runner.module.name, .starting)
            await runner.suspend()
            await settle(runner)
            await runner.module.stopApart()
        }
        try await beat()
    }

    private func stop(_ runner: ModuleRunner, _ standing: ModuleStanding) async {
        let name = runner.module.name
        gates.close(name, .disabled)
        await runner.apply(standing)
        await settle(runner)
        await runner.module.stopApart()
        logger.notice("module disabled", metadata: ["module": "\(name)"])
    }

    func listen() async {
        while !Task.isCancelled {
            do {
                try await store.listen { [runners, news] in
                    for runner in runners { runner.bell.ring() }
                    news.ring()
                }
            } catch {
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }
}

/// Modules come and go on Swift's threads, whoever has them do so: they may take their time over it.
extension HandlerModule {
    fileprivate func startApart() async throws {
        try await withTaskExecutorPreference(globalConcurrentExecutor) { try await start() }
    }

    fileprivate func stopApart() async {
        await withTaskExecutorPreference(globalConcurrentExecutor) { await stop() }
    }
}
