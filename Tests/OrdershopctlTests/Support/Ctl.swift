import Foundation

/// One run of the real binary.
struct Ctl: Equatable {
    var status: Int32
    var output: String
    var errors: String

    /// The binary stands beside the one that runs the tests.
    private static let binary = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("ordershopctl")

    /// Gives a program a terminal.
    private static let script = URL(fileURLWithPath: "/usr/bin/script")

    static var hasTerminal: Bool { FileManager.default.isExecutableFile(atPath: script.path) }

    /// - Parameter columns: runs it on a terminal of that width. Arguments must not need quoting then.
    static func run(
        _ arguments: [String], environment: [String: String] = [:], input: String = "",
        columns: Int? = nil
    ) async throws -> Ctl {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: directory) }
        // Files, not pipes: nobody has to read while the program writes.
        let files = try ["in", "out", "err"].map { name in
            let file = directory.appendingPathComponent(name)
            try Data((name == "in" ? input : "").utf8).write(to: file)
            return try FileHandle(forUpdating: file)
        }
        let process = Process()
        process.executableURL = columns == nil ? binary : script
        process.arguments =
            columns.map { columns in
                let line = ([binary.path] + arguments).joined(separator: " ")
                return ["-qec", "stty cols \(columns); \(line)", "/dev/null"]
            } ?? arguments
        process.environment = ["TZ": "UTC", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"].merging(environment) { $1 }
        (process.standardInput, process.standardOutput, process.standardError) = (files[0], files[1], files[2])
        try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in ended.resume() }
            do { try process.run() } catch { ended.resume(throwing: error) }
        }
        func text(_ name: String) throws -> String {
            String(decoding: try Data(contentsOf: directory.appendingPathComponent(name)), as: UTF8.self)
        }
        return Ctl(status: process.terminationStatus, output: try text("out"), errors: try text("err"))
    }
}
