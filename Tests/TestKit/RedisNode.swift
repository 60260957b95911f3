public import Redis

import NIOPosix

/// A real redis-server on a loopback port, which is told by plain commands, each over a connection of its own.
public struct RedisNode: Sendable {
    public let server: RedisServer
    public let port: Int

    public var url: String { "redis://127.0.0.1:\(port)" }

    /// - Parameter options: as on redis-server's command line.
    static func start(_ options: [String], port: Int) async throws -> RedisNode {
        let server = try await RedisServer.start(options: ["--port", "\(port)", "--bind", "127.0.0.1"] + options)
        return RedisNode(server: server, port: port)
    }

    /// One command to this very server, whatever the others have to do with it.
    @discardableResult
    public func run(_ name: String, _ arguments: String...) async throws -> RedisValue {
        try await pipeline([RedisCommand(name, arguments: arguments)])[0]
    }

    /// Throws the first error reply.
    public func pipeline(_ commands: [RedisCommand]) async throws -> [RedisValue] {
        let client = RedisClient(
            configuration: RedisConfiguration(address: .unix(path: server.socketPath)),
            eventLoopGroup: .singletonMultiThreadedEventLoopGroup, logger: .silent)
        let replies = try await client.withDedicatedConnection { try await $0.pipeline(commands) }
        for case .error(let error) in replies { throw error }
        return replies
    }

    public func strings(_ name: String, _ arguments: String...) async throws -> [String] {
        let reply = try await pipeline([RedisCommand(name, arguments: arguments)])[0]
        return (reply.array ?? []).compactMap(\.string)
    }

    /// A fact that `INFO` tells.
    public func info(_ name: String) async throws -> String? {
        let text = try await run("INFO").string ?? ""
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("\(name):") }
        return line.map { String($0.dropFirst(name.utf8.count + 1)) }
    }

    /// Waits until this replica has everything that its primary has been told so far.
    public func waitUntilCaughtUp(with primary: RedisNode) async throws {
        let offset = try await primary.info("master_repl_offset").flatMap { Int($0) } ?? .max
        try await eventually("the replica has it") {
            try await self.info("slave_repl_offset").flatMap { Int($0) } ?? -1 >= offset
        }
    }

    /// Whether it is a primary, and takes itself for one.
    public func isPrimary() async throws -> Bool { try await run("ROLE").array?.first?.string == "master" }
}
