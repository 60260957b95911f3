public import ArgumentParser
import FoundationEssentials
import Glibc

/// The command line of `ordershopd`: parses it and loads the settings. What then runs is the caller's.
///
///     await DaemonCommand.main { settings, again in
///         try await Daemon(settings: settings, logger: logger, loadSettings: again).run()
///     }
public struct DaemonCommand: ParsableCommand {
    /// `EX_CONFIG` of `sysexits.h`: the settings are wrong, so that trying again is of no use. The unit names it
    /// in `RestartPreventExitStatus=`.
    public static let wrongSettings: Int32 = 78

    public static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "ordershopd",
            abstract: "Runs a shop's back office: its services, the control socket and the REST gateway.",
            discussion: discussion,
            version: orderShopVersion)
    }

    @Option(help: ArgumentHelp("Read FILE. (default: \(Settings.defaultFile), if there is one)", valueName: "file"))
    var config: String?

    @Option(help: Self.help("--shop", value: "name"))
    var shop: String?

    @Option(help: Self.help("--redis", value: "url"))
    var redis: String?

    @Option(help: Self.help("--socket", value: "path"))
    var socket: String?

    @Option(help: Self.help("--http", value: "address:port"))
    var http: String?

    @Option(help: Self.help("--state-directory", value: "dir"))
    var stateDirectory: String?

    @Option(help: Self.help("--log-level", value: "level"))
    var logLevel: String?

    public init() {}

    /// Parses `arguments`, by default the process's own, and gives the settings to `run`. Does not return where
    /// that fails: help and version exit with 0, a wrong command line with 64, wrong settings with
    /// `wrongSettings`, an error of `run` with 1.
    ///
    /// `run` also gets what loads the settings again from the same sources.
    public static func main(
        _ arguments: [String]? = nil,
        run: @Sendable (Settings, @escaping @Sendable () throws(SettingsError) -> Settings) async throws -> Void
    ) async {
        do {
            let flags = try parse(arguments).flags
            let load = { @Sendable () throws(SettingsError) in
                try Settings.load(commandLine: flags, environment: ProcessInfo.processInfo.environment)
            }
            try await run(load(), load)
        } catch let error as SettingsError {
            let text = Array("ordershopd: the settings cannot be used:\n\(error)\n".utf8)
            _ = write(STDERR_FILENO, text, text.count)
            exit(withError: ExitCode(wrongSettings))
        } catch {
            exit(withError: error)
        }
    }

    /// - Throws: `SettingsError`.
    public func settings(environment: [String: String]) throws(SettingsError) -> Settings {
        try Settings.load(commandLine: flags, environment: environment)
    }

    /// What was given, as `Settings.load` takes it.
    public var flags: [String: String] {
        [
            "--config": config, "--shop": shop, "--redis": redis, "--socket": socket, "--http": http,
            "--state-directory": stateDirectory, "--log-level": logLevel,
        ].compactMapValues(\.self)
    }

    private static func help(_ flag: String, value: String) -> ArgumentHelp {
        let option = SettingsOption.flagged(flag)
        let fallback = option.map { $0.fallback.isEmpty ? "" : " (default: \($0.fallback))" } ?? ""
        return ArgumentHelp("Set \(option?.summary ?? flag).\(fallback)", valueName: value)
    }

    /// Every setting with its variable: not all have a flag.
    private static var discussion: String {
        let rows = SettingsOption.table.map { option in
            let fallback = option.fallback.isEmpty ? "" : " (default: \(option.fallback))"
            return "  \(option.key), \(option.variable)\n      \(option.summary)\(fallback)"
        }
        return """
            A flag wins over a variable, a variable over the configuration file (YAML). The settings:

            \(rows.joined(separator: "\n"))
            """
    }
}
