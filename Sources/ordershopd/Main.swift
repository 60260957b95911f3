import OrderShopDaemon
import SystemdSupport

@main struct Main {
    static func main() async {
        await DaemonCommand.main { settings, again in
            try await Daemon(
                settings: settings, sockets: InheritedSockets.take(), logger: DaemonLog.start(settings),
                loadSettings: again
            ).run()
        }
    }
}
