import Logging
import ServiceLifecycle
import SystemdSupport

/// Tells systemd, and who started it at a terminal, when all serves, how it is, and when it ends.
struct Announcer: Service {
    let notifier: SystemdNotifier
    let status: DaemonStatus
    let settings: Settings
    let logger: Logger
    /// Each returns when its part serves.
    let conditions: [@Sendable () async -> Void]

    func run() async throws {
        notifier.status("Starting: waiting for Redis")
        await withGracefulShutdownHandler {
            await cancelWhenGracefulShutdown {
                await announce()
                await keepStatus()
            }
        } onGracefulShutdown: {
            notifier.stopping()
            notifier.status("Stopping: finishing what is in flight")
            logger.info("stopping")
        }
    }

    private func announce() async {
        for condition in conditions { await condition() }
        if Task.isCancelled || Task.isShuttingDownGracefully { return }
        notifier.status(await status.sentence())
        notifier.ready()
        logger.notice(
            "OrderShop is ready",
            metadata: ["rest": "\(status.rest)", "socket": "\(settings.socket)"])
    }

    private func keepStatus() async {
        while (try? await Task.sleep(for: .seconds(5))) != nil {
            notifier.status(await status.sentence())
        }
    }
}
