import EventStore
import Logging

/// Which modules work here: leases, and what was switched at other daemons.
extension Supervisor {
    /// By itself: leases must not run out while a module takes its time to stop.
    func keepLeases() async {
        while (try? await Task.sleep(for: Self.heartbeatInterval)) != nil {
            do { _ = try await heartbeat() } catch {
                logger.debug("the heartbeat failed", metadata: ["reason": "\(error)"])
            }
        }
    }

    private func heartbeat() async throws(StoreError) -> [ModuleStanding] {
        try await store.heartbeat(runners.map(\.module.name), owner: owner, time: Self.leaseTime)
    }

    func followSwitches() async {
        while (try? await Task.sleep(for: Self.heartbeatInterval)) != nil {
            for (module, failure) in (try? await beat()) ?? [:] {
                logger.error("a module does not start", metadata: ["module": "\(module)", "reason": "\(failure)"])
            }
        }
    }

    /// One after the other: what an older heartbeat said must not be applied behind a newer one.
    /// - Returns: the modules that did not start, and why. The others are none the worse for it.
    func beat() async throws(StoreError) -> [String: any Error] {
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

    func listen() async {
        while !Task.isCancelled {
            do {
                try await store.listen { [runners] in for runner in runners { runner.bell.ring() } }
            } catch {
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }
}
