import HandlerRuntime
import Logging
import ServiceLifecycle
import SystemdSupport

/// Tells systemd, and who started it at a terminal, when all serves, how it is, and when it ends.
struct Announcer: Service {
    let notifier: SystemdNotifier
    let status: DaemonStatus
    let settings: Settings
    let logger: Logger
    /// Opened when systemd was told that all serves.
    let announced: Latch
    /// Each returns when its part serves.
    let conditions: [@Sendable () async -> Void]

    func run() async throws {
        await withGracefulShutdownHandler {
            await cancelWhenGracefulShutdown {
                await waitUntilAllServes()
                if Task.isCancelled { return }
                await announce()
                await keepStatus()
            }
        } onGracefulShutdown: {
            notifier.stopping()
            notifier.status("Stopping: finishing what is in flight")
            logger.info("stopping")
        }
    }

    private func waitUntilAllServes() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await keepStarting() }
            for condition in conditions { await condition() }
            group.cancelAll()
        }
    }

    /// Redis may be away, or be loading for as long as it takes: systemd is not to give up the start meanwhile. What
    /// else holds up the start has only the time that the unit gives.
    private func keepStarting() async {
        repeat {
            let obstacle = status.supervisor.obstacle
            if obstacle != nil { notifier.extendTimeout(by: .seconds(30)) }
            notifier.status("Starting: \(obstacle.map { "waiting for Redis: \($0)" } ?? "opening the shop")")
        } while (try? await Task.sleep(for: .seconds(2))) != nil
    }

    private func announce() async {
        notifier.status(await status.sentence())
        notifier.ready()
        announced.open()
        logger.notice(
            "OrderShop is ready",
            metadata: ["rest": "\(status.rest)", "socket": "\(settings.socket)"])
    }

    private func keepStatus() async {
        // Asking for it takes Redis's time.
        guard notifier.isHeard else { return await wait() }
        while (try? await Task.sleep(for: .seconds(5))) != nil {
            notifier.status(await status.sentence())
        }
    }

    private func wait() async { try? await gracefulShutdown() }
}
