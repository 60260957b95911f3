import JSON

/// The answer of `daemon.status`: a verdict first, then every field that came, then the modules.
struct StatusReport {
    private let status: JSONValue

    init(_ status: JSONValue) { self.status = status }

    func text(on screen: Screen) -> String {
        guard let object = status.object else { return Cell.text(status) }
        let facts = JSONObject(object.members.filter { $0.key != "modules" }.map { ($0.key, $0.value) })
        var parts = [screen.heading(verdict), Presentation.record(facts, screen)]
        if !modules.isEmpty { parts.append(Table(modules).text(on: screen)) }
        return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    private var modules: [JSONObject] { status["modules"]?.array?.compactMap(\.object) ?? [] }

    var verdict: String {
        let name = status["version"]?.string.map { "OrderShop \(printable($0))" } ?? "OrderShop"
        if status["redis"]?["connected"] == false {
            return "\(name) has no connection to Redis: nothing can be changed until it is back."
        }
        let ailing = modules.filter { ["failed", "backing off"].contains($0["state"]?.string) }
        if !ailing.isEmpty { return "\(name) is running, but not all is well: \(list(ailing))." }
        let idle = modules.filter { $0["state"]?.string == "disabled" }
        return idle.isEmpty
            ? "\(name) is running, all is well." : "\(name) is running, all is well. Switched off: \(names(idle))."
    }

    private func list(_ modules: [JSONObject]) -> String {
        modules.map { "\(names([$0])) is \(Cell.text($0["state"] ?? .null))" }.joined(separator: ", ")
    }

    private func names(_ modules: [JSONObject]) -> String {
        modules.map { Cell.text($0["name"] ?? .null) }.joined(separator: ", ")
    }
}
