import Foundation
import JSONRPC
import Logging
import ServiceLifecycle

/// A directory for one test.
func withDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let path = "/tmp/jsonrpc-\(UUID().uuidString.prefix(13))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}

struct Unexpected: Error {
    let what: String
    init(_ what: String) { self.what = what }
}

/// Runs a server in a service group of its own, from bound to gone.
func withServer<Result: Sendable>(
    _ handler: some JSONRPCHandler = TestHandler(), limits: JSONRPCLimits = JSONRPCLimits(), path: String,
    logger: Logger = quiet, _ body: @Sendable (ServiceGroup) async throws -> Result
) async throws -> Result {
    let (bound, isBound) = AsyncStream.makeStream(of: Void.self)
    let server = JSONRPCServer(path: path, handler: handler, limits: limits, logger: logger) { isBound.finish() }
    let group = ServiceGroup(services: [server], logger: quiet)
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
            defer { isBound.finish() }
            try await group.run()
        }
        for await _ in bound {}
        let result: Result
        do { result = try await body(group) } catch {
            await group.triggerGracefulShutdown()
            tasks.cancelAll()
            throw error
        }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
        return result
    }
}

/// The same in a directory of its own.
func withServer<Result: Sendable>(
    _ handler: some JSONRPCHandler = TestHandler(), limits: JSONRPCLimits = JSONRPCLimits(),
    logger: Logger = quiet, _ body: @Sendable (String) async throws -> Result
) async throws -> Result {
    try await withDirectory { directory in
        let path = directory + "/s"
        return try await withServer(handler, limits: limits, path: path, logger: logger) { _ in try await body(path)
        }
    }
}

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Waits for a condition, at most 10 seconds.
func eventually(_ condition: () async throws -> Bool) async throws {
    for _ in 0..<2000 {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    throw Unexpected("the condition never came")
}
