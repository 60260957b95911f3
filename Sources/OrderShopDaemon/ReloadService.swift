import Logging
import ServiceLifecycle
import UnixSignals

/// Reads the settings again on every SIGHUP (which would end the process otherwise) and takes over the log level.
struct ReloadService: Service {
    let settings: Settings
    let logger: Logger
    let load: @Sendable () throws(SettingsError) -> Settings

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() { reload() }
    }

    private func reload() {
        do throws(SettingsError) {
            let new = try load()
            DaemonLog.set(new.logLevel)
            logger.notice("settings read again", metadata: ["log_level": "\(new.logLevel)"])
            warn(about: new)
        } catch {
            logger.error("the settings cannot be used, the old ones stay", metadata: ["reason": "\(error)"])
        }
    }

    /// All but the log level is built into what runs.
    private func warn(about new: Settings) {
        var same = new
        same.logLevel = settings.logLevel
        if same != settings { logger.warning("some settings changed that take a restart to hold") }
    }
}
