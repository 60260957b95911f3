import JSON

/// Rows of cells in padded columns.
struct Table {
    private let headings: [String]
    private let rows: [[String]]
    private let isNumeric: [Bool]
    private let isState: [Bool]

    /// - Parameter objects: their members are the columns, in the order in which they first come.
    init(_ objects: [JSONObject]) {
        var keys: [String] = []
        for member in objects.lazy.flatMap(\.members) where !keys.contains(member.key) { keys.append(member.key) }
        isState = keys.map { $0 == "state" }
        headings = keys.map { printable($0).replacing("_", with: " ").uppercased() }
        rows = objects.map { object in keys.map { Cell.text(object[$0] ?? .null, of: $0) } }
        isNumeric = keys.map { key in
            key != "done" && objects.allSatisfy { $0[key].map { $0.number != nil || $0 == .null } ?? true }
        }
    }

    func text(on screen: Screen) -> String {
        let widths = widths(within: screen.width)
        let lines = rows.map { line($0, widths, on: screen) }
        return ([screen.heading(line(headings, widths, on: Screen()))] + lines).joined(separator: "\n")
    }

    private func line(_ cells: [String], _ widths: [Int], on screen: Screen) -> String {
        let padded = cells.indices.map { column in
            let text = cells[column].cut(to: widths[column])
            let space = String(repeating: " ", count: max(0, widths[column] - text.columns))
            let cell = isState[column] ? screen.state(text) : text
            return isNumeric[column] ? space + cell : cell + space
        }
        let line = padded.joined(separator: "  ")
        return line.lastIndex { $0 != " " }.map { String(line[...$0]) } ?? ""
    }

    /// Columns as wide as their widest cell; on a screen too narrow for that, the widest give way.
    private func widths(within limit: Int?) -> [Int] {
        var widths = headings.indices.map { column in
            rows.reduce(headings[column].columns) { max($0, $1[column].columns) }
        }
        guard let limit else { return widths }
        while widths.reduce(0, +) + 2 * (widths.count - 1) > limit,
            let widest = widths.indices.max(by: { widths[$0] < widths[$1] }), widths[widest] > 8
        {
            widths[widest] -= 1
        }
        return widths
    }
}
