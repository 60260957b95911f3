import OrderShopDaemon

@main struct Main {
    static func main() async {
        await DaemonCommand.main { settings, again in
            try await Daemon(settings: settings, logger: DaemonLog.start(settings), loadSettings: again).run()
        }
    }
}
