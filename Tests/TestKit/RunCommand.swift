import Foundation

/// A program that was run to its end, and what it said.
public struct CommandResult: Sendable {
    /// nil when a signal ended it.
    public let exitCode: Int32?
    public let output: String
    public let errors: String
}

/// Runs a program to its end.
/// - Parameters:
///   - arguments: the program, found in PATH, and its arguments.
///   - input: what it finds on its standard input.
public func runCommand(
    _ arguments: [String], input: String = "", environment: [String: String] = [:]
) async throws -> CommandResult {
    let directory = try TemporaryDirectory()
    try Data(input.utf8).write(to: URL(filePath: directory.file("in")))
    let redirection = "exec \"$@\" <\(directory.file("in")) 2>\(directory.file("errors"))"
    let variables = environment.map { "\($0.key)=\($0.value)" }
    let process = try await ChildProcess.start(
        ["env"] + variables + ["sh", "-c", redirection, "sh"] + arguments, output: directory.file("output"))
    let code = try await process.exitCode()
    return CommandResult(
        exitCode: code, output: try contents(directory.file("output")),
        errors: try contents(directory.file("errors")))
}

private func contents(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
}
