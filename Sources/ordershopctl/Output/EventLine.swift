import JSON

/// An event in one line: when, what, about which entity, by whom.
struct EventLine {
    private let event: JSONValue

    init(_ event: JSONValue) { self.event = event }

    func text(on screen: Screen) -> String {
        let head = [Cell.text(event["time"] ?? ""), what].filter { !$0.isEmpty }.joined(separator: "  ")
        let tail = [details, origin].filter { !$0.isEmpty }.joined(separator: "  ")
        guard let width = screen.width else { return "\(head)  \(id)  \(tail)" }
        return
            (screen.heading(head.cut(to: width)) + "  " + "\(id)  \(tail)".cut(to: max(1, width - head.columns - 2)))
    }

    private var id: String { Cell.text(event["id"] ?? "") }

    private var what: String {
        ["topic", "action"].map { Cell.text(event[$0] ?? "") }.joined(separator: " ")
    }

    private var details: String {
        guard let entity = event["entity"]?.object else { return Cell.text(event["entity"] ?? "") }
        return entity.members.filter { !$0.value.text.isEmpty }.map {
            "\(printable($0.key))=\(Cell.text($0.value))"
        }
        .joined(separator: " ")
    }

    /// What caused it, where that is known.
    private var origin: String {
        let metadata = event["metadata"]?.object
        if let uid = metadata?["uid"] { return "by uid \(Cell.text(uid))" }
        let module = metadata?["module"].map { "by \(Cell.text($0))" }
        let cause = metadata?["cause"].map { "because of \(Cell.text($0))" }
        let said = [module, cause].compactMap(\.self).joined(separator: " ")
        return said.isEmpty ? metadata?["correlation"].map { "by request \(Cell.text($0))" } ?? "" : said
    }
}
