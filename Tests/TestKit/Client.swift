public import Logging
import NIOPosix
public import Redis

/// A client that is connected, and runs as long as `body`. It is quick to come back, so that the tests are quick.
public func withClient<T>(of url: String, _ body: (RedisClient) async throws -> T) async throws -> T {
    var configuration = try RedisConfiguration(url: url)
    configuration.backoffMinimum = .milliseconds(1)
    configuration.backoffMaximum = .milliseconds(10)
    let client = RedisClient(
        configuration: configuration, eventLoopGroup: .singletonMultiThreadedEventLoopGroup, logger: .silent)
    async let _: Void = client.run()
    try await client.waitUntilConnected()
    // Leaving the scope cancels `run`, and waits for its end.
    return try await body(client)
}

extension Logger {
    public static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}
