import Foundation

/// All that one run has measured, by groups, in the order in which it was first measured.
struct Report: Codable, Sendable {
    struct Group: Codable, Sendable {
        let name: String
        var figures: [Figure]
    }

    /// What the figures were measured on: they say little without it.
    struct Machine: Codable, Sendable {
        let cores: Int
        let kernel: String
        let redis: String
    }

    let machine: Machine
    let date: Date
    private(set) var groups: [Group] = []

    init(machine: Machine, date: Date = Date()) {
        self.machine = machine
        self.date = date
    }

    /// Adds what a round has found.
    /// - Parameter ceiling: what the same round has found for what it is compared with.
    mutating func add(
        _ name: String, _ unit: Figure.Unit, _ value: Double, of ceiling: Double? = nil,
        _ ceilingName: String? = nil, in group: String, _ targets: Figure.Target...
    ) {
        add(name, unit, value, ceiling, ceilingName, group, targets)
    }

    /// The same, of so many a second.
    mutating func add(
        _ name: String, _ value: Double, of ceiling: Double? = nil, _ ceilingName: String? = nil, in group: String,
        _ targets: Figure.Target...
    ) {
        add(name, .perSecond, value, ceiling, ceilingName, group, targets)
    }

    private mutating func add(
        _ name: String, _ unit: Figure.Unit, _ value: Double, _ ceiling: Double?, _ ceilingName: String?,
        _ group: String, _ targets: [Figure.Target]
    ) {
        let place = groups.firstIndex { $0.name == group } ?? groups.count
        if place == groups.count { groups.append(Group(name: group, figures: [])) }
        let known = groups[place].figures.firstIndex { $0.name == name }
        let index = known ?? groups[place].figures.count
        if known == nil {
            groups[place].figures.append(Figure(name, unit, ceiling: ceilingName, targets: targets))
        }
        groups[place].figures[index].add(value, of: ceiling)
    }

    // MARK: Files

    func write(to directory: String) throws {
        let folder = URL(fileURLWithPath: directory, isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try json.write(to: folder.appendingPathComponent("bench.json"))
        for group in groups {
            let chart = Chart(group)
            guard !chart.isEmpty else { continue }
            try Data(chart.svg.utf8).write(to: folder.appendingPathComponent("bench-\(group.name).svg"))
        }
    }

    private var json: Data {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            encoder.dateEncodingStrategy = .iso8601
            return try encoder.encode(self)
        }
    }

    init(readingFrom path: String) throws {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        do {
            self = try decoder.decode(Report.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        } catch { throw BenchError("\(path) is not a report of an earlier run (bench.json): \(error)") }
    }
}

extension Report.Machine {
    /// - Parameter redis: the version that its server tells.
    static func current(redis: String) -> Report.Machine {
        var name = utsname()
        uname(&name)
        let release = withUnsafeBytes(of: &name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return Report.Machine(
            cores: ProcessInfo.processInfo.activeProcessorCount, kernel: release, redis: redis)
    }
}
