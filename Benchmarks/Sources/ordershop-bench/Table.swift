/// How often something was done in a second, and how long single calls took.
struct Rate {
    let perSecond: Double
    /// In milliseconds, where single calls were timed.
    var p50: Double?
    var p99: Double?

    init(count: Int, in time: Duration, latencies: [Duration] = []) {
        perSecond = Double(count) / time.seconds
        let sorted = latencies.sorted()
        guard !sorted.isEmpty else { return }
        p50 = sorted[sorted.count / 2].seconds * 1_000
        p99 = sorted[min(sorted.count - 1, sorted.count * 99 / 100)].seconds * 1_000
    }

    init(perSecond: Double) { self.perSecond = perSecond }
}

struct Table {
    private var rows: [[String]] = [["what", "per second", "p50 ms", "p99 ms", "ratio", "to", "target", ""]]

    mutating func add(
        _ what: String, _ rate: Rate, of ceiling: Rate? = nil, _ name: String = "", atLeast target: Double? = nil
    ) {
        let ratio = ceiling.map { rate.perSecond / $0.perSecond }
        add(what, rate, ratio, name, target.map { "≥ \(decimals($0, 2))" }, isMet: target.map { ratio ?? 0 >= $0 })
    }

    /// How long calls take, beside how long others take.
    mutating func add(
        _ what: String, _ rate: Rate, p50: Rate? = nil, p99: Rate? = nil, _ name: String, atMost target: Double
    ) {
        let median = p50?.p50.flatMap { base in rate.p50.map { $0 / base } }
        let tail = p99?.p99.flatMap { base in rate.p99.map { $0 / base } }
        let ratio = median ?? tail
        add(what, rate, ratio, name, "≤ \(decimals(target, 2))", isMet: ratio.map { $0 <= target })
    }

    /// A figure that is no rate.
    mutating func add(_ what: String, _ figure: Double, atMost target: Double) {
        let verdict = figure <= target ? "met" : "MISSED"
        rows.append([what, decimals(figure, 2), "", "", "", "", "≤ \(decimals(target, 2))", verdict])
    }

    private mutating func add(
        _ what: String, _ rate: Rate, _ ratio: Double?, _ name: String, _ target: String?, isMet: Bool?
    ) {
        rows.append([
            what, grouped(Int(rate.perSecond)), rate.p50.map { decimals($0, 2) } ?? "",
            rate.p99.map { decimals($0, 2) } ?? "", ratio.map { decimals($0, 3) } ?? "", name, target ?? "",
            isMet.map { $0 ? "met" : "MISSED" } ?? "",
        ])
    }

    var text: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).enumerated().map { column, cell in
                let padding = String(repeating: " ", count: cell.1 - cell.0.count)
                return (1...4).contains(column) ? padding + cell.0 : cell.0 + padding
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    private func decimals(_ value: Double, _ digits: Int) -> String {
        let scale = (0..<digits).reduce(1.0) { power, _ in power * 10 }
        let scaled = Int((value * scale).rounded())
        let fraction = String(scaled % Int(scale))
        return "\(scaled / Int(scale))." + String(repeating: "0", count: digits - fraction.count) + fraction
    }

    private func grouped(_ number: Int) -> String {
        var digits = Array(String(number))
        for position in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: position) }
        return String(digits)
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
