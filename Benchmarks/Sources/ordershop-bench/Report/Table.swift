/// Rows of text in columns, for a terminal.
struct Table {
    private let heads: [String]
    /// Those columns stand to the right, as figures do.
    private let figures: Set<Int>
    private var rows: [[String]] = []

    init(_ heads: [String], figures: Set<Int>) {
        self.heads = heads
        self.figures = figures
    }

    mutating func add(_ row: [String]) { rows.append(row) }

    var text: String {
        let all = [heads] + rows
        let widths = heads.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            zip(row, widths).enumerated().map { column, cell in
                let padding = String(repeating: " ", count: cell.1 - cell.0.count)
                return figures.contains(column) ? padding + cell.0 : cell.0 + padding
            }.joined(separator: "  ").trimmingTrailingSpaces
        }.joined(separator: "\n")
    }
}

extension Report {
    /// The whole run, a group after the other.
    var text: String {
        groups.map { group in
            var table = Table(
                [group.name, "median", "", "spread", "ratio", "to", "target", "verdict"], figures: [1, 3, 4])
            for figure in group.figures { table.add(figure.row) }
            return table.text
        }.joined(separator: "\n\n")
    }

    /// The targets that are not met.
    var missed: [String] {
        groups.flatMap { group in group.figures.filter { $0.isMet == false }.map { "\(group.name): \($0.name)" } }
    }
}

extension Figure {
    fileprivate var row: [String] {
        [
            name, value.brief, unit.rawValue,
            values.count > 1 ? "±\(Int((yardstick.spread * 50).rounded())) %" : "",
            ratio?.brief ?? "", ceiling ?? "", targets.map(\.text).joined(separator: " or "),
            isMet.map { $0 ? "met" : "MISSED" } ?? "",
        ]
    }
}

extension Figure.Target {
    fileprivate var text: String { "\(bound.rawValue) \(limit.brief)\(isOfRatio ? " ×" : "")" }
}

extension Double {
    /// Three digits that count; thousands in groups.
    var brief: String {
        guard isFinite else { return "-" }
        if abs(self) >= 100 { return Int(rounded()).grouped }
        let digits = abs(self) >= 10 ? 1 : abs(self) >= 1 ? 2 : 3
        let scale = (0..<digits).reduce(1) { power, _ in power * 10 }
        let scaled = Int((abs(self) * Double(scale)).rounded())
        let fraction = String(scaled % scale)
        return (self < 0 ? "-" : "") + "\(scaled / scale)."
            + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}

extension Int {
    fileprivate var grouped: String {
        var digits = Array(String(self))
        for position in stride(from: digits.count - 3, to: self < 0 ? 1 : 0, by: -3) {
            digits.insert(",", at: position)
        }
        return String(digits)
    }
}

extension String {
    fileprivate var trimmingTrailingSpaces: String {
        String(reversed().drop { $0 == " " }.reversed())
    }
}
