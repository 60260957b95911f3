import JSON

/// An entry of the daemon's log in one line: when, how severe, what, and its fields.
struct LogLine {
    private let entry: JSONValue

    init(_ entry: JSONValue) { self.entry = entry }

    func text(on screen: Screen) -> String {
        let time = (entry["time"]?.number?.double).flatMap { Moment(unix: $0) }?.local ?? ""
        let fields = (entry["fields"]?.object?.members ?? []).map { "\(printable($0.key))=\(Cell.text($0.value))" }
        let message = ([Cell.text(entry["message"] ?? "")] + fields).joined(separator: "  ")
        return "\(screen.faint(time))  \(level(on: screen))  \(message)"
    }

    private func level(on screen: Screen) -> String {
        let name = printable(entry["level"]?.string ?? "")
        let padded = name + String(repeating: " ", count: max(0, 8 - name.count))
        switch name {
        case "error", "critical": return screen.bad(padded)
        case "trace", "debug": return screen.faint(padded)
        default: return padded
        }
    }
}
