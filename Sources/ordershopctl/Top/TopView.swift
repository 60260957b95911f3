import JSON

/// What `top` shows: pure, from what is known to lines of text.
struct TopView {
    /// What a key leads to.
    enum Action: Equatable {
        case nothing
        case quit
        case call(Request, done: String)
        case inspect(module: String)
    }

    /// The answer of `daemon.status`.
    private(set) var status: JSONValue = .null
    private(set) var events: [JSONValue] = []
    /// The last that was done, or that failed.
    private(set) var message = ""
    /// What is shown instead of the events.
    private(set) var details: [String] = []
    private var selected = 0
    /// What was asked and waits for a yes.
    private var question: Action?

    private static let help = "↑↓ choose  e enable  d disable  i inspect  r retry parked  q quit"
    private static let mostEvents = 200

    // MARK: News

    mutating func update(_ status: JSONValue) {
        self.status = status
        selected = min(selected, max(0, modules.count - 1))
    }

    /// - Parameter event: as `event.list` tells of it.
    mutating func add(_ event: JSONValue) {
        events.append(event)
        if events.count > Self.mostEvents { events.removeFirst(events.count - Self.mostEvents) }
    }

    mutating func say(_ message: String) { self.message = printable(message) }

    mutating func show(details text: String) {
        details = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    // MARK: Keys

    mutating func press(_ key: Key) -> Action {
        if let question {
            self.question = nil
            message = ""
            return key == .character("y") ? question : .nothing
        }
        switch key {
        case .interrupt, .character("q"): return .quit
        case .escape: details = []
        case .up, .character("k"): selected = max(0, selected - 1)
        case .down, .character("j"): selected = min(max(0, modules.count - 1), selected + 1)
        case .enter, .character("i"): return name.map { .inspect(module: $0) } ?? .nothing
        case .character("e"):
            if let name {
                return .call(Request("module.enable", ["name": .string(name)]), done: "\(name) is enabled.")
            }
        case .character("d"):
            ask("Disable %?", "% is disabled.") { Request("module.disable", ["name": .string($0)]) }
        case .character("r"):
            ask("Try all parked events of % again?", "The parked events of % were tried again.") {
                Request("parked.retry", ["module": .string($0), "all": true])
            }
        case .character: message = Self.help
        }
        return .nothing
    }

    private mutating func ask(_ words: String, _ done: String, _ request: (String) -> Request) {
        guard let name else { return }
        question = .call(request(name), done: done.replacing("%", with: name))
        message = words.replacing("%", with: printable(name)) + " [y/N]"
    }

    private var modules: [JSONObject] { status["modules"]?.array?.compactMap(\.object) ?? [] }

    private var name: String? {
        modules.indices.contains(selected) ? modules[selected]["name"]?.string : nil
    }

    // MARK: Picture

    func lines(columns: Int, rows: Int, isStyled: Bool) -> [String] {
        let screen = Screen(isTerminal: true, width: columns, isStyled: isStyled)
        let report = StatusReport(status)
        let verdict = report.verdict.cut(to: columns)
        var lines = [report.isWell ? screen.heading(verdict) : screen.bad(verdict), facts.cut(to: columns), ""]
        lines += table(on: screen) + [""]
        let room = max(0, rows - lines.count - 1)
        let below =
            details.isEmpty
            ? events.suffix(room).map { EventLine($0).text(on: screen) }
            : details.prefix(room).map { $0.cut(to: columns) }
        lines += below + Array(repeating: "", count: room - below.count)
        lines = Array(lines.prefix(rows - 1))
        return lines + [screen.faint((message.isEmpty ? Self.help : message).cut(to: columns))]
    }

    private var facts: String {
        let redis = status["redis"]
        let version = redis?["version"]?.string.map { "Redis \(printable($0))" } ?? "Redis"
        let keeps = redis?["keeps"]?.string.map { ", keeps " + printable($0) } ?? ""
        let rate = modules.compactMap { $0["rate"]?.number?.double }.reduce(0, +)
        return "\(version)\(keeps)   \(Int(rate)) events/s"
    }

    private func table(on screen: Screen) -> [String] {
        if modules.isEmpty { return [] }
        let columns = ["name", "state", "lag", "rate", "parked", "handled", "error"]
        let rows = modules.map { module in
            JSONObject(
                columns.compactMap { key in module[key].map { (key, $0) } ?? (key == "error" ? nil : (key, .null)) }
            )
        }
        let lines = Table(rows).text(on: screen.narrowed(by: 2)).split(
            separator: "\n", omittingEmptySubsequences: false)
        return lines.enumerated().map { number, line in (number - 1 == selected ? "▶ " : "  ") + line }
    }
}
