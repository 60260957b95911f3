import FoundationEssentials
import Glibc
public import Logging
import Synchronization

/// The daemon's log on stderr: a line an entry, for people, with one level that can be changed while it runs.
///
///     15:06:25.104 notice  OrderShop is ready  rest=http://127.0.0.1:5000 socket=/run/ordershop/control.sock
public struct DaemonLog: LogHandler {
    private static let level = Mutex(Logger.Level.info)
    /// A logger that was turned down keeps its own level.
    private var own: Logger.Level?
    public var metadata: Logger.Metadata = [:]

    /// Once in a process, before the first line is logged.
    public static func start(_ settings: Settings) -> Logger {
        set(settings.logLevel)
        LoggingSystem.bootstrap { _ in DaemonLog() }
        return Logger(label: "ordershopd")
    }

    static func set(_ level: Logger.Level) { self.level.withLock { $0 = level } }

    init() {}

    public var logLevel: Logger.Level {
        get { own ?? Self.level.withLock(\.self) }
        set { own = newValue }
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let line = Self.line(event.level, "\(event.message)", metadata.merging(event.metadata ?? [:]) { $1 })
        // One write a line: lines of several threads do not run into each other.
        let bytes = Array("\(Self.time()) \(line)\n".utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    static func line(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata) -> String {
        let name = level.rawValue.padding(to: 7)
        let fields = metadata.sorted { $0.key < $1.key }.map { "\($0.key)=\(quoted("\($0.value)"))" }
        return ([name, oneLine(message)] + (fields.isEmpty ? [] : ["", fields.joined(separator: " ")]))
            .joined(separator: " ")
    }

    /// Text from outside may look like anything, so what could be taken for a field or a line is quoted.
    private static func quoted(_ text: String) -> String {
        let isPlain = !text.isEmpty && !text.unicodeScalars.contains { $0 == " " || $0 == "\"" || $0 == "=" }
        let line = oneLine(text)
        return isPlain ? line : "\"\(line.replacing("\"", with: "'"))\""
    }

    private static func oneLine(_ text: String) -> String {
        var line = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: line.append(" ")
            default: line.append(scalar)
            }
        }
        return String(line)
    }

    private static func time() -> String {
        Date.now.formatted(Date.ISO8601FormatStyle(timeZone: .current).time(includingFractionalSeconds: true))
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
