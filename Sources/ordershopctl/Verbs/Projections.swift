import ArgumentParser
import JSON

struct Projections: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "projection", abstract: "What follows from the events: revisions, entity cache, indexes.",
        subcommands: [VerifyProjections.self, RebuildProjection.self])

    @OptionGroup var connection: ConnectionOptions
}

struct VerifyProjections: Verification {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Fold all events afresh and compare with what is kept.",
        discussion: "Exit code 1 where there are differences that were not repaired. The shop goes on meanwhile.")

    @Option(help: "Only this topic, and the indexes if it has any.") var topic: String?
    @Flag(help: "Put right what differs.") var `repair` = false
    @OptionGroup var options: ConnectionOptions

    var request: Request {
        var params = JSONObject()
        params["topic"] = topic.map { .string($0) }
        if `repair` { params["repair"] = true }
        return Request("projection.verify", .object(params))
    }
}

struct RebuildProjection: Verification {
    static let configuration = CommandConfiguration(
        commandName: "rebuild", abstract: "Make what is kept of a topic anew from the events, without a gap.")

    @Argument(help: "The topic.") var topic: String
    @OptionGroup var options: ConnectionOptions

    var request: Request { Request("projection.rebuild", ["topic": .string(topic)]) }
}

/// A verb that answers with what differs, and fails while anything does.
protocol Verification: Verb {
    var options: ConnectionOptions { get }
}

extension Verification {
    var connection: ConnectionOptions { options.patient }
    var presentation: Presentation { .sections }
    var isLong: Bool { true }

    mutating func run() async throws {
        let result = try await answer()
        let report = VerificationReport(result)
        try Output.write((connection.json ? result.text : report.text(on: .standardOutput)) + "\n")
        if let complaint = report.complaint { throw Failure(.refused, complaint) }
    }
}

/// The answer of `projection.verify`: the verdict, a row for each part, the first differences.
struct VerificationReport {
    private let report: JSONValue

    init(_ report: JSONValue) { self.report = report }

    func text(on screen: Screen) -> String {
        var parts = [screen.heading(verdict), Presentation.readable(report["compared"] ?? [], screen)]
        if let examples = report["examples"], examples != [] {
            let count = examples.array?.count ?? 0
            let heading = Int64(count) < differences ? "The first \(count) differences" : "The differences"
            parts.append(screen.heading(heading) + "\n" + Presentation.readable(examples, screen))
        }
        return parts.joined(separator: "\n\n")
    }

    private var verdict: String {
        let words = differences == 1 ? "1 difference was" : "\(differences) differences were"
        if differences == 0 { return "Everything is as the events say." }
        return mended == differences ? "\(words) found and put right." : "\(words) found."
    }

    /// Why this is no success; nil where it is one.
    var complaint: String? {
        if differences > mended { return "Not everything is as the events say: --repair puts it right." }
        return unsettled > 0
            ? "\(unsettled) changed each time that they were to be compared: verify again when there is less to do."
            : nil
    }

    private var differences: Int64 { number("differences") }
    private var mended: Int64 { number("mended") }
    private var unsettled: Int64 { number("unsettled") }
    private func number(_ name: String) -> Int64 { report[name]?.number?.int64 ?? 0 }
}
