import EventStore
import Logging
import NIOPosix
import Redis
import TestKit
import Testing

/// A Redis of a test's own, a client that is connected to it, and a store that is open.
struct Fixture: Sendable {
    let server: RedisServer
    let redis: RedisClient
    let store: Store

    /// Another store on the same Redis, as another daemon has it.
    func anotherStore(shop: String = "", on client: RedisClient? = nil) -> Store {
        Store(redis: client ?? redis, shop: shop, catalogue: .test, logger: .silent)
    }
}

/// - Parameter isOpen: whether the store is opened before `body`.
func withStore<T>(
    options: [String] = [], shop: String = "", isOpen: Bool = true, _ body: (Fixture) async throws -> T
) async throws -> T {
    try await withRedisServer(options: options) { server in
        try await withClient(of: server.url) { redis in
            let store = Store(redis: redis, shop: shop, catalogue: .test, logger: .silent)
            if isOpen { try await store.open() }
            return try await body(Fixture(server: server, redis: redis, store: store))
        }
    }
}

/// A client that runs as long as `body`.
func withClient<T>(of url: String, _ body: (RedisClient) async throws -> T) async throws -> T {
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
    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

extension Catalogue {
    /// `thing` has indexes; `note` has an owner who does nothing but keep its cache.
    static let test = Catalogue(
        topics: [TopicDefinition("thing"), TopicDefinition("note")],
        projections: [.index(of: "thing", by: "tags"), .unique(.code, by: "code")],
        inlineOwners: [StreamKey("note", .created): "keeper", StreamKey("note", .updated): "keeper"])
}

extension UniqueIndex {
    static let code = UniqueIndex("thing", "code")
}

extension StreamKey {
    static let things = StreamKey("thing", .created)
    static let changes = StreamKey("thing", .updated)
    static let ends = StreamKey("thing", .deleted)
    static let notes = StreamKey("note", .created)
}

/// Asks again and again until it is so; fails the test after ten seconds.
func eventually(
    _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ isSo: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end {
        if try await isSo() { return }
        try await Task.sleep(for: .milliseconds(2), clock: .suspending)
    }
    Issue.record(what, sourceLocation: sourceLocation)
}

/// The code of the error that `body` throws; nil when it throws none.
func storeErrorCode(_ body: () async throws -> Void) async -> StoreError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? StoreError)?.code
    }
}

/// A function, because a closure within `#expect` and another behind it are taken for one by the compiler (6.3).
func expectError(
    _ code: StoreError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    let found = await storeErrorCode(body)
    #expect(found == code, sourceLocation: sourceLocation)
}
