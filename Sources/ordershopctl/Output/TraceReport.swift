import JSON

/// The answer of `trace.get`, as a tree: how long behind its beginning each step was, how long it took where that is
/// known, and what it was.
struct TraceReport {
    private let story: JSONValue

    init(_ story: JSONValue) { self.story = story }

    func text(on screen: Screen) -> String {
        let trees = (story["steps"]?.array ?? []).map { tree($0, screen) }
        return ([heading(screen)] + trees + rest).joined(separator: "\n\n")
    }

    private func heading(_ screen: Screen) -> String {
        let traces = (story["traces"]?.array ?? []).map { "trace " + Cell.text($0) }
        return ([screen.heading(Cell.text(story["subject"] ?? ""))] + traces).joined(separator: "\n")
    }

    private var rest: [String] {
        story["is_whole"] == true ? [] : ["There may be more: only what stands near to this was looked at."]
    }

    // MARK: A tree

    private struct Line {
        let offset: String
        let duration: String
        let branch: String
        let step: JSONValue
    }

    private func tree(_ root: JSONValue, _ screen: Screen) -> String {
        let lines = lines(of: root, branch: "", below: "")
        let offsets = lines.map(\.offset.columns).max() ?? 0
        let durations = lines.map(\.duration.columns).max() ?? 0
        let began = screen.heading(TimeOfDay.text(root["time"]))
        let rows = lines.map { line in
            let times = line.offset.indented(to: offsets) + "  " + line.duration.indented(to: durations) + "  "
            let room = screen.width.map { max(2, $0 - times.columns - line.branch.columns) } ?? .max
            return screen.faint(times + line.branch) + what(line.step, room, screen)
        }
        return ([began] + rows).joined(separator: "\n")
    }

    private func lines(of step: JSONValue, branch: String, below: String) -> [Line] {
        let line = Line(
            offset: "+" + Self.text(microseconds: step["offset_us"]?.number?.int64 ?? 0),
            duration: step["duration_us"]?.number?.int64.map { Self.text(microseconds: $0) } ?? "", branch: branch,
            step: step)
        let steps = step["steps"]?.array ?? []
        return [line]
            + steps.enumerated().flatMap { index, step in
                let isLast = index == steps.count - 1
                return lines(
                    of: step, branch: below + (isLast ? "└─ " : "├─ "), below: below + (isLast ? "   " : "│  "))
            }
    }

    /// With three digits at least, as long as that is less than a minute and a half.
    static func text(microseconds: Int64) -> String {
        switch microseconds {
        case ..<1_000: "\(microseconds) µs"
        case ..<1_000_000: "\(decimal(microseconds, 1_000)) ms"
        case ..<90_000_000: "\(decimal(microseconds, 1_000_000)) s"
        default: Span(seconds: Double(microseconds) / 1_000_000).description
        }
    }

    private static func decimal(_ value: Int64, _ unit: Int64) -> String {
        let hundredths = value * 100 / unit
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    /// Its name, then about what, and by whom; or why it failed.
    private func what(_ step: JSONValue, _ room: Int, _ screen: Screen) -> String {
        let name = Cell.text(step["name"] ?? "").cut(to: room)
        let shown = step["kind"] == "span" ? name : screen.heading(name)
        let left = room - name.columns - 2
        let error = step["error"].map { Cell.text($0) }
        let rest = error ?? details(of: step)
        if rest.isEmpty || left < 2 { return shown }
        return shown + "  " + (error == nil ? rest.cut(to: left) : screen.bad(rest.cut(to: left)))
    }

    /// Who sent a request stands at the request, not at each of its events.
    private func details(of step: JSONValue) -> String {
        let author = step["kind"] == "request" ? step["by"]?["uid"].map { "uid " + Cell.text($0) } : nil
        let module = step["by"]?["module"].map { Cell.text($0) }
        let request = step["request"].map { "request " + Cell.text($0) }
        return [step["entity"].map { Cell.text($0) }, request, (module ?? author).map { "by " + $0 }]
            .compactMap(\.self).joined(separator: "  ")
    }
}

/// A point in time in the reader's zone, to the thousandth of a second.
enum TimeOfDay {
    static func text(_ value: JSONValue?) -> String {
        guard let text = value?.string, let moment = Moment(rfc3339: text) else { return Cell.text(value ?? "") }
        let fraction = text.split(separator: ".").last.map { $0.prefix(3) } ?? ""
        return fraction.allSatisfy(\.isNumber) && fraction.count == 3 ? "\(moment.local).\(fraction)" : moment.local
    }
}

extension String {
    fileprivate func indented(to columns: Int) -> String {
        String(repeating: " ", count: max(0, columns - self.columns)) + self
    }
}
