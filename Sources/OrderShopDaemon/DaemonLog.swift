public import Logging
import Synchronization

/// The daemon's log on stderr, with one level that can be changed while it runs.
public struct DaemonLog: LogHandler {
    private static let level = Mutex(Logger.Level.info)
    private var handler: StreamLogHandler

    /// Once in a process, before the first line is logged.
    public static func start(_ settings: Settings) -> Logger {
        set(settings.logLevel)
        LoggingSystem.bootstrap { DaemonLog(handler: StreamLogHandler.standardError(label: $0)) }
        return Logger(label: "ordershopd")
    }

    static func set(_ level: Logger.Level) { self.level.withLock { $0 = level } }

    private init(handler: StreamLogHandler) {
        self.handler = handler
        self.handler.logLevel = .trace
    }

    /// A logger that was turned down keeps its own level.
    private var own: Logger.Level?

    public var logLevel: Logger.Level {
        get { own ?? Self.level.withLock(\.self) }
        set { own = newValue }
    }

    public var metadata: Logger.Metadata {
        get { handler.metadata }
        set { handler.metadata = newValue }
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { handler[metadataKey: key] }
        set { handler[metadataKey: key] = newValue }
    }

    public func log(event: LogEvent) { handler.log(event: event) }
}
