import HandlerRuntime
import Logging
import ServiceLifecycle
import SystemdSupport
import UnixSignals

/// Reads the settings again on every SIGHUP (which would end the process otherwise), takes over what can change while
/// the daemon runs, and says what takes a restart. Settings that are wrong are refused as a whole.
struct ReloadService: Service {
    /// What the daemon was started with.
    let started: Settings
    let live: LiveSettings
    let status: DaemonStatus
    let notifier: SystemdNotifier
    /// Whether systemd was told that all serves: before that there is nothing to be ready again for.
    let announced: Latch
    let logger: Logger
    let load: @Sendable () throws(SettingsError) -> Settings

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            let isAnnounced = announced.isOpen
            if isAnnounced { notifier.reloading() }
            reload()
            if isAnnounced { notifier.ready() }
            notifier.status(await status.sentence())
        }
    }

    private func reload() {
        do throws(SettingsError) {
            let new = try load()
            try live.apply(new)
            status.note(refusal: nil)
            status.shown.value = started.showing(LiveSettings.keys, of: new)
            tell(new)
        } catch {
            refuse(error)
        }
    }

    private func tell(_ new: Settings) {
        for notice in new.notices { logger.warning("\(notice)") }
        logger.notice(
            "settings read again", metadata: ["log_level": "\(new.logLevel)", "file": "\(new.file ?? "none")"])
        let waiting = new.changes(from: started).subtracting(LiveSettings.keys)
        if waiting.isEmpty { return }
        logger.warning(
            "some settings changed that take a restart to hold",
            metadata: ["settings": "\(waiting.sorted().joined(separator: ", "))"])
    }

    private func refuse(_ error: SettingsError) {
        status.note(refusal: error.problems.first?.description)
        for problem in error.problems {
            logger.error(
                "the settings cannot be used, the old ones stay", metadata: ["reason": "\(problem)"])
        }
    }
}
