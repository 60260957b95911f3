import FoundationEssentials
import Logging

/// One entry of the log.
struct LogEntry: Sendable {
    let level: Logger.Level
    /// Constant: what differs from time to time is in the fields.
    let message: String
    let fields: [(key: String, value: String)]
    var file = ""
    var line: UInt = 0
    var function = ""
    /// Unix milliseconds.
    let milliseconds = Self.now()

    private static func now() -> Int64 { Int64(Date.now.timeIntervalSince1970 * 1_000) }

    /// For people, on one line: `an event is parked  event=1548699679-211658 module=crm`.
    var text: String {
        let fields = fields.map { "\(Self.oneLine($0.key))=\(Self.quoted($0.value))" }
        return ([Self.oneLine(message)] + (fields.isEmpty ? [] : ["", fields.joined(separator: " ")]))
            .joined(separator: " ")
    }

    /// Text from outside may look like anything, so what could be taken for a field or a line is quoted.
    private static func quoted(_ text: String) -> String {
        let isPlain = !text.isEmpty && !text.unicodeScalars.contains { $0 == " " || $0 == "\"" || $0 == "=" }
        let line = oneLine(text)
        return isPlain ? line : "\"\(line.replacing("\"", with: "'"))\""
    }

    /// Without what breaks a line, and without what makes a terminal do or show something else.
    private static func oneLine(_ text: String) -> String {
        var line = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: line.append(" ")
            default: line.append(scalar)
            }
        }
        return String(line)
    }
}
