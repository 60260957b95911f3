/// What changed from one run to another by more than the rounds of either lie apart.
struct Comparison {
    private struct Change {
        let name: String
        let before: Double
        let after: Double
        /// More is better: 1.1 is ten per cent better.
        let gain: Double
        let noise: Double
    }

    /// Rounds that happen to lie close together do not make a run exact.
    private static let leastNoise = 0.05

    private let changes: [Change]

    init(_ base: Report, _ report: Report) {
        changes = report.groups.flatMap { group in
            let old = base.groups.first { $0.name == group.name }?.figures ?? []
            return group.figures.compactMap { figure in
                old.first { $0.name == figure.name }.map { Self.change($0, figure, in: group.name) }
            }
        }
    }

    private static func change(_ old: Figure, _ new: Figure, in group: String) -> Change {
        let (before, after) = (old.yardstick.median, new.yardstick.median)
        let noise = max(leastNoise, old.yardstick.spread / 2 + new.yardstick.spread / 2)
        return Change(
            name: "\(group): \(new.name)", before: before, after: after,
            gain: new.unit.isBetterHigh ? after / before : before / after, noise: noise)
    }

    var hasBecomeWorse: Bool { changes.contains { $0.gain < 1 - $0.noise } }

    var text: String {
        var table = Table(
            ["compared with the base", "before", "after", "gain", "noise", ""], figures: [1, 2, 3, 4])
        for change in changes {
            let verdict =
                change.gain < 1 - change.noise ? "WORSE" : change.gain > 1 + change.noise ? "better" : "the same"
            table.add([
                change.name, change.before.brief, change.after.brief, "\(change.gain.brief) ×",
                "±\(Int(change.noise * 100)) %", verdict,
            ])
        }
        return table.text
    }
}
