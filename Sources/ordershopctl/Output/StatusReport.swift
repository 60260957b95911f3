import JSON

/// The answer of `daemon.status`: a verdict first, then every field that came, then the modules.
struct StatusReport {
    private let status: JSONValue

    init(_ status: JSONValue) { self.status = status }

    func text(on screen: Screen) -> String {
        guard let object = status.object else { return Cell.text(status) }
        let facts = JSONObject(object.members.filter { $0.key != "modules" }.map { ($0.key, $0.value) })
        let verdict = isWell ? screen.heading(verdict) : screen.bad(verdict)
        var parts = [verdict, Presentation.record(facts, screen)]
        if !modules.isEmpty { parts.append(Table(modules.map(Self.row)).text(on: screen)) }
        return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    private var modules: [JSONObject] { status["modules"]?.array?.compactMap(\.object) ?? [] }

    /// What a module is for, and what its state says anyway, is left to `module list`.
    private static func row(_ module: JSONObject) -> JSONObject {
        let members = module.members.filter { !["summary", "enabled"].contains($0.key) }
        return JSONObject(members.map { ($0.key, $0.value) })
    }

    // MARK: Verdict

    /// Whether nobody need do anything.
    var isWell: Bool { isConnected && troubles.isEmpty }

    var verdict: String {
        let name = status["version"]?.string.map { "OrderShop \(printable($0))" } ?? "OrderShop"
        guard isConnected else {
            return "\(name) has no connection to Redis: nothing can be changed until it is back."
        }
        let isOff = modules.filter { $0["state"]?.string == "disabled" }.map(Self.name)
        let off = isOff.isEmpty ? "" : " Switched off: \(isOff.joined(separator: ", "))."
        return troubles.isEmpty
            ? "\(name) is running, all is well.\(off)"
            : "\(name) is running, but not all is well: \(troubles.joined(separator: ", ")).\(off)"
    }

    private var isConnected: Bool { status["redis"]?["connected"] != false }

    private var troubles: [String] {
        let states = modules.filter { ["failed", "backing off"].contains($0["state"]?.string) }
            .map { "\(Self.name($0)) is \(Cell.text($0["state"] ?? .null))" }
        let parked = modules.compactMap { module -> String? in
            guard let count = module["parked"]?.number?.int64, count > 0 else { return nil }
            return "\(count) parked \(count == 1 ? "event" : "events") of \(Self.name(module))"
        }
        return states + parked
    }

    private static func name(_ module: JSONObject) -> String { Cell.text(module["name"] ?? .null) }
}
