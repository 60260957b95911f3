/// What was measured: once in each round, beside its ceiling in the same round.
struct Figure: Codable, Sendable {
    enum Unit: String, Codable, Sendable {
        case perSecond = "/s"
        case microseconds = "µs"
        case milliseconds = "ms"
        case seconds = "s"
        case megabytes = "MB"
        case megabytesPerSecond = "MB/s"
        case percent = "%"
        case bytes = "B"

        var isBetterHigh: Bool { self == .perSecond || self == .megabytesPerSecond }
    }

    /// A bound of the figure itself, or of its ratio to the ceiling.
    struct Target: Codable, Sendable {
        enum Bound: String, Codable, Sendable { case atLeast = "≥", atMost = "≤" }

        let bound: Bound
        let limit: Double
        let isOfRatio: Bool

        static func ratio(atLeast limit: Double) -> Target {
            Target(bound: .atLeast, limit: limit, isOfRatio: true)
        }
        static func ratio(atMost limit: Double) -> Target { Target(bound: .atMost, limit: limit, isOfRatio: true) }
        static func atLeast(_ limit: Double) -> Target { Target(bound: .atLeast, limit: limit, isOfRatio: false) }
        static func atMost(_ limit: Double) -> Target { Target(bound: .atMost, limit: limit, isOfRatio: false) }

        func isMet(by value: Double) -> Bool { bound == .atLeast ? value >= limit : value <= limit }
        /// 1 is just met, more is better.
        func degree(of value: Double) -> Double { bound == .atLeast ? value / limit : limit / max(value, 1e-9) }
    }

    let name: String
    let unit: Unit
    /// What its ratio is to.
    let ceiling: String?
    /// Where there are several, one of them is enough.
    let targets: [Target]
    /// One of each round.
    private(set) var values: [Double] = []
    /// One of each round, where there is a ceiling.
    private(set) var ratios: [Double] = []

    init(_ name: String, _ unit: Unit, ceiling: String?, targets: [Target]) {
        self.name = name
        self.unit = unit
        self.ceiling = ceiling
        self.targets = targets
    }

    mutating func add(_ value: Double, of ceiling: Double?) {
        values.append(value)
        if let ceiling { ratios.append(value / ceiling) }
    }

    var value: Double { values.median }
    var ratio: Double? { ratios.isEmpty ? nil : ratios.median }

    /// What two runs are compared by: the ratio, as it does not depend on the machine, where there is one.
    var yardstick: [Double] { ratios.isEmpty ? values : ratios }

    /// nil: there is no target.
    var isMet: Bool? {
        targets.isEmpty ? nil : targets.contains { $0.isMet(by: $0.isOfRatio ? ratio ?? .nan : value) }
    }

    /// Of the target that is met best, in each round: 1 is just met.
    var degrees: [Double] {
        values.indices.compactMap { round in
            targets.map { $0.degree(of: $0.isOfRatio ? ratios[round] : values[round]) }.max()
        }
    }
}

extension [Double] {
    var median: Double {
        let sorted = sorted()
        if sorted.isEmpty { return .nan }
        return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
    }

    /// How far the outermost lie apart, as a part of the median.
    var spread: Double { isEmpty ? 0 : ((self.max() ?? 0) - (self.min() ?? 0)) / median }
}
