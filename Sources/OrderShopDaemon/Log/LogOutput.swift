import FoundationEssentials
import Glibc
import JSON
import Logging
import SystemdSupport

/// Where the log goes, and in which form.
enum LogOutput: Sendable, Equatable {
    /// systemd's journal, with each field by itself.
    case journal
    /// stderr, a line an entry, for people.
    ///
    ///     15:06:25.104 notice  OrderShop is ready  rest=http://127.0.0.1:5000 socket=/run/ordershop/control.sock
    case text(isColored: Bool)
    /// stderr, a JSON object a line.
    case json

    init(_ format: Settings.LogFormat) {
        switch format {
        case .automatic: self = Journal.isStandardError ? .journal : .text(isColored: Self.wantsColour)
        case .text: self = .text(isColored: Self.wantsColour)
        case .json: self = .json
        }
    }

    /// https://no-color.org
    private static var wantsColour: Bool {
        let refusal = getenv("NO_COLOR").map { String(cString: $0) } ?? ""
        let terminal = getenv("TERM").map { String(cString: $0) } ?? "dumb"
        return isatty(STDERR_FILENO) == 1 && refusal.isEmpty && terminal != "dumb"
    }

    func write(_ entry: LogEntry) {
        switch self {
        case .journal: if !Journal.send(entry.journalFields) { Self.writeLine("\(entry.levelName) \(entry.text)") }
        case .text(let isColored):
            let level = isColored ? entry.colouredLevelName : entry.levelName
            Self.writeLine("\(Self.time(.current)) \(level) \(entry.text)")
        case .json: Self.writeLine(entry.json(at: Self.date()))
        }
    }

    /// One write a line: lines of several threads do not run into each other.
    private static func writeLine(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }

    private static func time(_ zone: TimeZone) -> String {
        Date.now.formatted(Date.ISO8601FormatStyle(timeZone: zone).time(includingFractionalSeconds: true))
    }

    private static func date() -> String {
        Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}

extension LogEntry {
    /// All of one width.
    fileprivate var levelName: String {
        level.rawValue + String(repeating: " ", count: max(0, 7 - level.rawValue.count))
    }

    fileprivate var colouredLevelName: String {
        let colour =
            switch level {
            case .critical, .error: "31"
            case .warning: "33"
            case .notice: "36"
            case .info: "32"
            case .debug, .trace: "2"
            }
        return "\u{1B}[\(colour)m\(levelName)\u{1B}[0m"
    }

    /// `{"time": …, "level": …, "message": …, "fields": {…}}`, on one line.
    func json(at time: String) -> String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("time", time)
            writer.member("level", level.rawValue)
            writer.member("message", message)
            if let id = MessageID.of(message) { writer.member("message_id", id) }
            writer.key("fields")
            writer.object { writer in
                for field in fields { writer.member(field.key, field.value) }
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
