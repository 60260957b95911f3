import Logging
import NIOCore
import NIOPosix
import Redis
import TestKit
import Testing

extension RedisServer {
    /// Quick to give up and quick to come back, so that the tests are quick.
    func configuration(through proxy: CuttingProxy? = nil) throws -> RedisConfiguration {
        var configuration = try RedisConfiguration(url: proxy?.url ?? url)
        configuration.backoffMinimum = .milliseconds(1)
        configuration.backoffMaximum = .milliseconds(10)
        return configuration
    }
}

/// Runs `body` with a client that runs, and ends it afterwards.
func withClient<T>(
    _ configuration: RedisConfiguration, connected: Bool = true, _ body: (RedisClient) async throws -> T
) async throws -> T {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    var configuration = configuration
    // On a machine that is busy, the reason of a failed attempt may take longer than a caller would wait.
    let isDefault = configuration.connectionPatience == .seconds(1)
    if !connected, isDefault { configuration.connectionPatience = .seconds(60) }
    let client = RedisClient(
        configuration: configuration, eventLoopGroup: .singletonMultiThreadedEventLoopGroup, logger: logger)
    async let _: Void = client.run()
    if connected { try await client.waitUntilConnected() }
    let result = try await body(client)
    // Leaving the scope cancels `run`, and waits for its end.
    return result
}

/// A server of its own and a client that is connected to it.
func withRedis<T>(
    options: [String] = [], _ body: (RedisServer, RedisClient) async throws -> T
) async throws -> T {
    try await withRedisServer(options: options) { server in
        try await withClient(server.configuration()) { try await body(server, $0) }
    }
}

extension RedisClient {
    @discardableResult
    func send(_ words: String...) async throws(RedisError) -> RedisValue {
        let (name, arguments) = (words[0], words.dropFirst())
        return try await send(RedisCommand(name, arguments: arguments))
    }
}

/// The error that `body` throws; nil when it throws none.
func errorCode(_ body: () async throws -> Void) async -> RedisError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? RedisError)?.code
    }
}
