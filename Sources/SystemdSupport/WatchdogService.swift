import Dispatch
public import Logging
import NIOPosix
public import ServiceLifecycle

/// Pings systemd's watchdog while everything goes on, and only then.
///
/// A ping from a timer alone would prove that the timer runs. So before each ping it looks at how far everything has
/// come. What has stood still for too long is named in the log, and the ping is withheld: systemd then restarts the
/// daemon when `WatchdogSec=` is over. It has a thread of its own, so that it can also tell of a daemon whose threads
/// are all stuck.
public struct WatchdogService: Service {
    /// A single thing that the daemon does may take this long, however short `WatchdogSec=` is: the time-outs of Redis
    /// are behind it.
    public static let leastPatience = Duration.seconds(15)

    private let notifier: SystemdNotifier
    private let logger: Logger
    private let interval: Duration?
    private let patience: Duration
    private let look: @Sendable () -> [Pulse]

    /// - Parameters:
    ///   - interval: what systemd asks for. `nil`: no watchdog, and the service only waits for the shutdown.
    ///   - patience: how long something may stand still; `nil`: for `interval`, and at least `leastPatience`.
    ///   - look: what has to go on, each under a name of its own. Called on the watchdog's thread; must not wait.
    public init(
        notifier: SystemdNotifier,
        logger: Logger,
        interval: Duration? = SystemdNotifier.watchdogInterval,
        patience: Duration? = nil,
        look: @escaping @Sendable () -> [Pulse]
    ) {
        self.notifier = notifier
        self.logger = logger
        self.interval = interval
        self.patience = patience ?? max(interval ?? .zero, Self.leastPatience)
        self.look = look
    }

    public func run() async throws {
        guard let interval else {
            // A service that returns early would take the whole group with it.
            try? await gracefulShutdown()
            return
        }
        let end = DispatchSemaphore(value: 0)
        let thread = NIOThreadPool(numberOfThreads: 1)
        thread.start()
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                // It fails only where the pool does not run.
                try? await thread.runIfActive { watch(every: interval / 3, until: end) }
            } onGracefulShutdown: {
                end.signal()
            }
        } onCancel: {
            end.signal()
        }
        try? await thread.shutdownGracefully()
    }

    private func watch(every period: Duration, until end: DispatchSemaphore) {
        var judge = StallJudge(patience: patience, period: period)
        var stalled: [StallJudge.Stall] = []
        var last = ContinuousClock.now
        repeat {
            let now = ContinuousClock.now
            let stalls = judge.judge(look(), after: now - last)
            last = now
            if stalls.isEmpty { notifier.watchdog() }
            tell(stalls, before: stalled)
            stalled = stalls
        } while end.wait(timeout: .now() + .microseconds(Int(period.microseconds))) == .timedOut
    }

    /// One entry when something stalls, not one per period.
    private func tell(_ stalls: [StallJudge.Stall], before: [StallJudge.Stall]) {
        for stall in stalls where !before.contains(where: { $0.pulse.name == stall.pulse.name }) {
            logger.critical(
                "something has stalled, systemd will restart the daemon",
                metadata: [
                    "stalled": "\(stall.pulse.name)", "activity": "\(stall.pulse.activity ?? "")",
                    "seconds": "\(stall.silence.components.seconds)",
                ])
        }
        if stalls.isEmpty, !before.isEmpty { logger.notice("everything goes on again") }
    }
}
