import Foundation
import TestKit

/// One run of the real binary.
struct Ctl: Equatable {
    var status: Int32
    var output: String
    var errors: String

    /// The binary stands beside the one that runs the tests.
    static let binary = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("ordershopctl")

    /// Gives a program a terminal.
    private static let script = URL(fileURLWithPath: "/usr/bin/script")

    static var hasTerminal: Bool { FileManager.default.isExecutableFile(atPath: script.path) }

    /// - Parameter columns: runs it on a terminal of that width. Arguments must not need quoting then.
    static func run(
        _ arguments: [String], environment: [String: String] = [:], input: String = "",
        columns: Int? = nil
    ) async throws -> Ctl {
        let variables = ["TZ": "UTC", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"].merging(environment) { $1 }
        let line = ([binary.path] + arguments).joined(separator: " ")
        let program = columns.map { [script.path, "-qec", "stty cols \($0); \(line)", "/dev/null"] }
        let result = try await runCommand(
            ["env", "-i"] + variables.map { "\($0.key)=\($0.value)" } + (program ?? [binary.path] + arguments),
            input: input)
        return Ctl(status: result.exitCode ?? -1, output: result.output, errors: result.errors)
    }
}
