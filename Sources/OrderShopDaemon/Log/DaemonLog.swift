import HandlerRuntime
public import Logging

/// The daemon's log, with one level that can be changed while it runs. Where it goes is for `LogOutput`.
public struct DaemonLog: LogHandler {
    private static let level = Live(Logger.Level.info)
    /// A logger that was turned down keeps its own level.
    private var own: Logger.Level?
    private let output: LogOutput
    public var metadata: Logger.Metadata = [:]

    /// Once in a process, before the first line is logged.
    public static func start(_ settings: Settings) -> Logger {
        set(settings.logLevel)
        let output = LogOutput(settings.logFormat)
        LoggingSystem.bootstrap { _ in DaemonLog(output: output) }
        return Logger(label: "ordershopd")
    }

    /// The least severe messages that are logged.
    static var threshold: Logger.Level { level.value }

    static func set(_ level: Logger.Level) { self.level.value = level }

    init(output: LogOutput) { self.output = output }

    public var logLevel: Logger.Level {
        get { own ?? Self.level.value }
        set { own = newValue }
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let entry = LogEntry(
            level: event.level, message: "\(event.message)", fields: fields.map { ($0.key, "\($0.value)") },
            file: event.file, line: event.line, function: event.function)
        output.write(entry)
        LogTail.shared.note(entry)
    }
}
