import ArgumentParser
import Foundation

@main struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ordershop-bench",
        abstract: "Measures OrderShop beside the ceiling of the same machine, in the same round.",
        discussion: """
            Absolute figures of one machine say little, ratios within a round say more, and only where nothing else \
            runs. Each part has a Redis of its own, without persistence.
            """)

    @Argument(
        help: "What to measure; everything, if left out: \(Part.allCases.map(\.rawValue).joined(separator: ", ")).")
    var parts: [Part] = []

    @Option(help: "Where ordershopd was built.")
    var binaries = ".build/release"

    @Option(help: "How often each part is measured: medians and spreads are told.")
    var rounds = 3

    @Option(help: "How much is done in a round: 0.1 for a quick look.")
    var scale = 1.0

    @Option(help: "Where bench.json and a chart of each part go.")
    var output: String?

    @Option(help: "A bench.json of an earlier run, to compare with. It ends with 2 if something has become worse.")
    var base: String?

    func validate() throws {
        guard rounds > 0 else { throw ValidationError("--rounds must be at least 1") }
        guard scale > 0 else { throw ValidationError("--scale must be more than 0") }
    }

    func run() async throws {
        let earlier = try base.map { try Report(readingFrom: $0) }
        var report: Report?
        for part in parts.isEmpty ? Part.allCases : parts {
            for number in 1...rounds {
                note("\(part.rawValue), round \(number) of \(rounds)")
                let redis = try await RedisUnderTest.start()
                defer { redis.stop() }
                var found = report
                if found == nil { found = Report(machine: .current(redis: try await redis.version())) }
                guard var all = found else { continue }
                let round = Round(redis: redis, binaries: binaries, isFirst: number == 1, scale: scale)
                try await part.measure(round, &all)
                report = all
            }
        }
        guard let report else { return }
        try tell(report, comparedWith: earlier)
    }

    private func tell(_ report: Report, comparedWith earlier: Report?) throws {
        print(report.text)
        if !report.missed.isEmpty { print("\nNot met:\n  " + report.missed.joined(separator: "\n  ")) }
        if let output {
            try report.write(to: output)
            note("written to \(output)")
        }
        guard let earlier else { return }
        let comparison = Comparison(earlier, report)
        print("\n" + comparison.text)
        if comparison.hasBecomeWorse { throw ExitCode(2) }
    }

    /// How far it is, on standard error: what was found goes to standard output alone.
    private func note(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
}

extension Part: ExpressibleByArgument {}
