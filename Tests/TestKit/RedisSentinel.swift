import Foundation

/// A real primary with a replica, and three real Sentinels that watch over them.
public final class RedisSentinels: Sendable {
    /// The name by which the Sentinels know the primary.
    public static let primaryName = "shop"

    /// The first is the primary at the beginning.
    public let nodes: [RedisNode]
    private let ports: [Int]
    private let processes: [ChildProcess]
    private let directory: TemporaryDirectory

    public var url: String {
        "redis+sentinel://" + ports.map { "127.0.0.1:\($0)" }.joined(separator: ",") + "/\(Self.primaryName)"
    }

    /// - Parameters:
    ///   - options: of both servers.
    ///   - password: what the Sentinels ask of their clients.
    public static func start(options: [String] = [], password: String? = nil) async throws -> RedisSentinels {
        let quick = ["--repl-diskless-sync-delay", "0"] + options
        let primary = try await RedisNode.start(quick, port: LoopbackPort.free())
        let replication = ["--replicaof", "127.0.0.1 \(primary.port)"]
        let replica = try await RedisNode.start(quick + replication, port: LoopbackPort.free())
        let sentinels = try await RedisSentinels([primary, replica], password)
        try await sentinels.waitUntilWatching(password)
        return sentinels
    }

    private init(_ nodes: [RedisNode], _ password: String?) async throws {
        self.nodes = nodes
        let directory = try TemporaryDirectory()
        var (ports, processes) = ([Int](), [ChildProcess]())
        for number in 0..<3 {
            let port = try LoopbackPort.free()
            let file = directory.file("sentinel-\(number).conf")
            let text = Self.configuration(port, primary: nodes[0].port, directory.path, password)
            try Data(text.utf8).write(to: URL(filePath: file))
            processes.append(
                try await .start(
                    ["redis-server", file, "--sentinel"], output: directory.file("sentinel-\(number).log")))
            ports.append(port)
        }
        (self.ports, self.processes, self.directory) = (ports, processes, directory)
    }

    /// Takes the primary for dead after a second.
    private static func configuration(
        _ port: Int, primary: Int, _ directory: String, _ password: String?
    ) -> String {
        """
        port \(port)
        bind 127.0.0.1
        dir \(directory)
        sentinel monitor \(primaryName) 127.0.0.1 \(primary) 2
        sentinel down-after-milliseconds \(primaryName) 1000
        sentinel failover-timeout \(primaryName) 3000
        \(password.map { "requirepass \($0)\nsentinel sentinel-pass \($0)" } ?? "")

        """
    }

    public func kill() {
        for process in processes { process.end(with: SIGKILL) }
        for node in nodes { node.server.kill() }
    }

    /// A Sentinel by its number, to be killed.
    public func killSentinel(_ number: Int) { processes[number].end(with: SIGKILL) }

    /// The server that is a primary now.
    public func primary() async throws -> RedisNode {
        for node in nodes where node.server.isRunning {
            if try await node.isPrimary() { return node }
        }
        throw TestKitError("there is no primary")
    }

    /// Has the Sentinels promote the replica while the primary is well.
    public func failOver(password: String? = nil) async throws {
        try await ask(0, ["SENTINEL", "FAILOVER", Self.primaryName], password)
    }

    private func waitUntilWatching(_ password: String?) async throws {
        try await eventually("the Sentinels know each other and the replica") {
            for number in ports.indices {
                let facts = try await ask(number, ["SENTINEL", "MASTER", Self.primaryName], password)
                guard facts["num-slaves"] == "1", facts["num-other-sentinels"] == "2" else { return false }
            }
            return try await nodes[1].info("master_link_status") == "up"
        }
    }

    @discardableResult
    private func ask(_ number: Int, _ words: [String], _ password: String?) async throws -> [String: String] {
        let login = password.map { ["--no-auth-warning", "-a", $0] } ?? []
        let result = try await runCommand(["redis-cli", "-p", "\(ports[number])"] + login + words)
        guard result.exitCode == 0 else { throw TestKitError(result.errors) }
        let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let pairs = stride(from: 0, to: lines.count - 1, by: 2).map { (lines[$0], lines[$0 + 1]) }
        return Dictionary(pairs) { $1 }
    }
}

/// Runs `body` with a primary, a replica and Sentinels of its own, which are gone afterwards.
public func withRedisSentinels<T>(
    options: [String] = [], password: String? = nil, _ body: (RedisSentinels) async throws -> T
) async throws -> T {
    let sentinels = try await RedisSentinels.start(options: options, password: password)
    defer { sentinels.kill() }
    return try await body(sentinels)
}
