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

extension Catalogue {
    /// `thing` has indexes; `note` has an owner who does nothing but keep its cache.
    static let test = Catalogue(
        topics: [TopicDefinition("thing"), TopicDefinition("note")],
        projections: [.index(of: "thing", by: "tags"), .unique(.code)],
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
