public import Logging
public import ServiceLifecycle

/// Pings systemd's watchdog while the daemon is healthy, and only then.
///
/// A ping from a timer alone would prove that the timer runs. So each ping follows a fresh "yes" of the health
/// closure; when the answer is no, or does not come in time, the ping is withheld, and systemd restarts the
/// daemon if that lasts for all of `WatchdogSec=`.
public struct WatchdogService: Service {
    private let notifier: SystemdNotifier
    private let logger: Logger
    private let interval: Duration?
    private let health: @Sendable () async -> Bool

    /// - Parameters:
    ///   - interval: what systemd asks for. `nil`: no watchdog, and the service only waits for the shutdown.
    ///   - health: is there progress? It has a third of the interval to answer, is cancelled then, and has to
    ///     return when it is: nothing can be pinged or shut down before that.
    public init(
        notifier: SystemdNotifier,
        logger: Logger,
        interval: Duration? = SystemdNotifier.watchdogInterval,
        health: @escaping @Sendable () async -> Bool
    ) {
        self.notifier = notifier
        self.logger = logger
        self.interval = interval
        self.health = health
    }

    public func run() async throws {
        guard let interval else {
            // A service that returns early would take the whole group with it.
            try? await gracefulShutdown()
            return
        }
        // The only error is the cancellation, by either way of ending.
        try? await cancelWhenGracefulShutdown { try await ping(every: interval / 3) }
    }

    /// A third of the interval between the pings and at most a third for the answer: a healthy daemon, however
    /// slow its answer, pings after two thirds.
    private func ping(every period: Duration) async throws {
        var withheld = false
        while true {
            let verdict = await self.verdict(within: period)
            try Task.checkCancellation()
            if verdict == .healthy { notifier.watchdog() }
            log(verdict, withheld: &withheld)
            try await Task.sleep(for: period)
        }
    }

    private enum Verdict: String { case healthy, unhealthy, late }

    private func verdict(within limit: Duration) async -> Verdict {
        await withTaskGroup(of: Verdict.self) { group in
            group.addTask { await health() ? .healthy : .unhealthy }
            group.addTask {
                try? await Task.sleep(for: limit)
                return .late
            }
            let first = await group.next() ?? .late
            // Said here, because a closure that ignores its cancellation keeps the group, and us, from going on.
            if first == .late && !Task.isCancelled {
                logger.warning("The health check does not answer", metadata: ["limit": "\(limit)"])
            }
            group.cancelAll()
            return first
        }
    }

    /// One line per change, not one per period.
    private func log(_ verdict: Verdict, withheld: inout Bool) {
        if verdict != .healthy && !withheld {
            logger.error("Watchdog ping withheld", metadata: ["health": "\(verdict.rawValue)"])
        }
        if verdict == .healthy && withheld {
            logger.notice("Watchdog pinged again")
        }
        withheld = verdict != .healthy
    }
}
