import Logging
import NIOPosix
import Redis

/// Plain Redis commands, each over a connection of its own: it outlives every daemon and every Redis.
struct RedisProbe: Sendable {
    let url: String
    /// In a cluster, a key whose node is asked.
    var key: String?
    /// nil is the default user, who may do anything.
    var user: String?

    func run(_ name: String, _ arguments: String...) async throws -> RedisValue {
        try await pipeline([RedisCommand(name, arguments: arguments)])[0]
    }

    func pipeline(_ commands: [RedisCommand]) async throws -> [RedisValue] {
        let logger = Logger(label: "probe") { _ in SwiftLogNoOpLogHandler() }
        var configuration = try RedisConfiguration(url: url)
        configuration.username = user
        if let key { configuration.clusterUse = .slot(of: key) }
        let client = RedisClient(
            configuration: configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
        let replies = try await client.withDedicatedConnection { try await $0.pipeline(commands) }
        for case .error(let error) in replies { throw error }
        return replies
    }

    /// The replies' elements as text.
    func strings(_ name: String, _ arguments: String...) async throws -> [String] {
        let reply = try await pipeline([RedisCommand(name, arguments: arguments)])[0]
        return (reply.array ?? []).compactMap(\.string)
    }

    func keys(_ pattern: String) async throws -> [String] { try await strings("KEYS", pattern).sorted() }

    /// A fact that INFO tells.
    func info(_ name: String) async throws -> String? {
        let text = try await run("INFO").string ?? ""
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("\(name):") }
        return line.map { String($0.dropFirst(name.utf8.count + 1)) }
    }
}
