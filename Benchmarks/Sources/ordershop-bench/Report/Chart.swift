/// How well the figures of a group meet their targets: a bar each, with the rounds' spread, beside the line of the
/// target.
struct Chart {
    private let group: Report.Group
    private let figures: [Figure]

    init(_ group: Report.Group) {
        self.group = group
        figures = group.figures.filter { !$0.targets.isEmpty }
    }

    var isEmpty: Bool { figures.isEmpty }

    private static let (width, labels, row, head) = (860.0, 420.0, 26.0, 40.0)
    /// The bars' scale ends at this many times the target.
    private static let most = 2.5

    var svg: String {
        let height = Self.head + Double(figures.count) * Self.row + 10
        let target = x(1)
        let bars = figures.enumerated().map { bar($1, at: Self.head + Double($0) * Self.row) }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(Self.width)" height="\(height)" \
            viewBox="0 0 \(Self.width) \(height)" font-family="sans-serif" font-size="12" role="img">
            <title>\(escaped(group.name)): how well the targets are met</title>
            <rect width="100%" height="100%" fill="#fff"/>
            <text x="10" y="20" font-weight="bold">\(escaped(group.name))</text>
            <text x="\(target)" y="20" text-anchor="middle" fill="#555">target</text>
            \(bars.joined(separator: "\n"))
            <line x1="\(target)" x2="\(target)" y1="26" y2="\(height - 8)" stroke="#222" stroke-dasharray="4 3"/>
            </svg>

            """
    }

    private func bar(_ figure: Figure, at top: Double) -> String {
        let degrees = figure.degrees
        let (end, low, high) = (x(degrees.median), x(degrees.min() ?? 0), x(degrees.max() ?? 0))
        let middle = top + Self.row / 2 - 2
        let colour = figure.isMet == true ? "#2a7d4f" : "#b5482e"
        return """
            <text x="\(Self.labels - 8)" y="\(middle + 4)" text-anchor="end">\(escaped(figure.name))</text>
            <rect x="\(Self.labels)" y="\(top + 3)" width="\(end - Self.labels)" height="\(Self.row - 10)" fill="\(colour)"/>
            <line x1="\(low)" x2="\(high)" y1="\(middle)" y2="\(middle)" stroke="#222"/>
            <text x="\(max(end, high) + 6)" y="\(middle + 4)" fill="#333">\(label(of: figure))</text>
            """
    }

    private func label(of figure: Figure) -> String {
        let ratio = figure.ratio.map { " (\($0.brief) ×)" } ?? ""
        return escaped("\(figure.value.brief) \(figure.unit.rawValue)\(ratio)")
    }

    private func x(_ degree: Double) -> Double {
        let space = Self.width - Self.labels - 150
        return (Self.labels + min(max(degree, 0), Self.most) / Self.most * space).rounded()
    }

    private func escaped(_ text: String) -> String {
        text.reduce(into: "") { escaped, character in
            switch character {
            case "<": escaped += "&lt;"
            case "&": escaped += "&amp;"
            default: escaped.append(character)
            }
        }
    }
}
