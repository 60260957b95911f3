import Foundation
import JSON
import JSONRPC
import Logging
import ServiceLifecycle
import Synchronization

/// Answers with what the test says and remembers what it was asked.
final class FakeDaemon: JSONRPCHandler {
    typealias Answers = @Sendable (JSONRPCCall) async throws(JSONRPCError) -> JSONValue

    private let answers: Answers
    private let calls = Mutex<[String]>([])

    init(_ answers: @escaping Answers) { self.answers = answers }

    /// Each call as `method params`.
    var asked: [String] { calls.withLock { $0 } }

    func handle(_ call: JSONRPCCall) async throws(JSONRPCError) -> JSONRPCReply {
        calls.withLock { $0.append(call.method + (call.params.map { " " + $0.text } ?? "")) }
        return .value(try await answers(call))
    }

    /// Serves for the time of the body.
    func serve<Result: Sendable>(_ body: @Sendable (String) async throws -> Result) async throws -> Result {
        let directory = "/tmp/ctl-\(UUID().uuidString.prefix(13))"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = directory + "/s"
        let (bound, isBound) = AsyncStream.makeStream(of: Void.self)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = JSONRPCServer(path: path, handler: self, logger: logger) { isBound.finish() }
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { isBound.finish() }
                try await server.run()
            }
            for await _ in bound {}
            defer { tasks.cancelAll() }
            return try await body(path)
        }
    }

    /// One run against a daemon that gives the same answer to everything.
    static func run(
        _ arguments: String..., answer: JSONValue = true, environment: [String: String] = [:], input: String = ""
    ) async throws -> (ctl: Ctl, asked: [String]) {
        try await run(arguments, answer: answer, environment: environment, input: input)
    }

    static func run(
        _ arguments: [String], answer: JSONValue = true, environment: [String: String] = [:], input: String = "",
        columns: Int? = nil
    ) async throws -> (ctl: Ctl, asked: [String]) {
        let daemon = FakeDaemon { _ in answer }
        let ctl = try await daemon.serve { path in
            let environment = environment.merging(["ORDERSHOP_SOCKET": path]) { $1 }
            return try await Ctl.run(arguments, environment: environment, input: input, columns: columns)
        }
        return (ctl, daemon.asked)
    }
}
