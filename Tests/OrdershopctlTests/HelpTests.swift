import ArgumentParser
import Testing

@testable import ordershopctl

struct `Help` {
    /// The paths of all commands that do something.
    private static func leaves(
        below command: any ParsableCommand.Type = OrdershopCtl.self, _ path: [String] = []
    ) -> [[String]] {
        let subcommands = command.configuration.subcommands
        return subcommands.isEmpty ? [path] : subcommands.flatMap { leaves(below: $0, path + [$0._commandName]) }
    }

    /// As a shell takes a line apart.
    private static func words(in line: Substring) -> [String] {
        line.split(separator: "'", omittingEmptySubsequences: false).enumerated().flatMap { number, part in
            number.isMultiple(of: 2) ? part.split(separator: " ").map(String.init) : [String(part)]
        }
    }

    @Test(arguments: leaves()) func `of a command ends with examples that can be run`(path: [String]) throws {
        let text = try #require(Examples.text(for: path), "\(path.joined(separator: " ")) has no example")
        for line in text.split(separator: "\n").dropFirst() {
            let words = Self.words(in: line.drop { $0 == " " })
            #expect(words.first == "ordershopctl")
            #expect(throws: Never.self, "\(line)") { try OrdershopCtl.parseAsRoot(Array(words.dropFirst())) }
        }
    }

    @Test func `of a noun has one example of each verb`() async throws {
        let help = try await Ctl.run(["help", "job"])
        #expect(help.status == 0)
        let examples = help.output.split(separator: "EXAMPLES:\n").last?.split(separator: "\n")
        #expect(
            examples == [
                "  ordershopctl job list", "  ordershopctl job show 7", "  ordershopctl job watch 7",
                "  ordershopctl job cancel 7",
            ])
    }
}
