import ArgumentParser
import JSON

struct DaemonVerbs: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "daemon", abstract: "The daemon itself: health, settings, log, counts, end.",
        subcommands: [
            Health.self, ShowConfig.self, ShowLog.self, LogLevel.self, ShowMetrics.self, Shutdown.self,
            Methods.self,
            Discover.self,
        ])

    @OptionGroup var connection: ConnectionOptions
}

struct Health: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say whether all is well, for monitoring: exit code 0 or 1, and what is not.")

    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        let result = try await connection.call(Request("daemon.health", [:]))
        let problems = result["problems"]?.array?.compactMap(\.string) ?? []
        let text = problems.isEmpty ? "All is well." : problems.map { printable($0) }.joined(separator: "\n")
        try Output.write((connection.json ? result.text : text) + "\n")
        if result["healthy"] != true { throw Failure(.refused, "") }
    }
}

struct ShowConfig: Verb {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Show the settings that hold, and where each comes from.")

    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("config.show", [:]) }
    var presentation: Presentation { .settings }
}

struct ShowLog: WatchVerb {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Show the last messages of the daemon's log, and with --follow each that comes.")

    @Option(help: ArgumentHelp("The least severe to show: trace, debug, info, …", valueName: "level"))
    var level: String?
    @Flag(name: .shortAndLong, help: "Go on with each message as it is logged, until Ctrl-C.") var follow = false
    @OptionGroup var connection: ConnectionOptions

    var isFollowing: Bool { follow }
    var request: Request {
        Request("log.watch", .object(JSONObject(level.map { [("level", .string($0))] } ?? [])))
    }
    func line(_ element: JSONValue, on screen: Screen) -> String { LogLine(element).text(on: screen) }
}

struct LogLevel: Verb {
    static let configuration = CommandConfiguration(
        commandName: "log-level", abstract: "Show the least severe messages that are logged, or set them for now.")

    @Argument(help: "trace, debug, info, notice, warning, error or critical.") var level: String?
    @OptionGroup var connection: ConnectionOptions

    var request: Request { level.map { Request("log.set", ["level": .string($0)]) } ?? Request("log.level", [:]) }
    var presentation: Presentation {
        level.map { .done("Messages from \($0) on are logged, until the settings are read again.") } ?? .plain
    }
}

struct ShowMetrics: Verb {
    static let configuration = CommandConfiguration(
        commandName: "metrics", abstract: "Show what was counted since the daemon started.")

    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("metrics.show", [:]) }
    var presentation: Presentation { .prettyJSON }
}

struct Shutdown: ConfirmedVerb {
    static let configuration = CommandConfiguration(abstract: "End the daemon in good order.")

    @OptionGroup var confirmation: Confirmation
    @OptionGroup var connection: ConnectionOptions

    var warning: String? { "The shop will be closed until the daemon is started again." }
    var request: Request { Request("daemon.shutdown", [:]) }
    var presentation: Presentation { .done("The daemon is ending.") }
}

struct Methods: Verb {
    static let configuration = CommandConfiguration(abstract: "Show every method that can be called.")

    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("rpc.methods", [:]) }
    var presentation: Presentation { .table(whenEmpty: "There are none.", hiding: ["params"]) }
}

struct Discover: Verb {
    static let configuration = CommandConfiguration(abstract: "Print the OpenRPC document of the control socket.")

    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("rpc.discover", [:]) }
    var presentation: Presentation { .prettyJSON }
}
