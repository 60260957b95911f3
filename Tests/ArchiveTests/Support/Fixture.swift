import EventStore
import JSON
import Logging
import NIOCore
import Redis
import TestKit
import Testing

@testable import Archive

/// A shop of a test's own, with `things` and `notes`, and a directory for its archives.
struct Fixture: Sendable {
    let server: RedisServer
    let redis: RedisClient
    let store: Store
    let archives: ArchiveDirectory
    var shop = ""

    func retention(
        done: @escaping @Sendable (Retention.Phase) async throws(StoreError) -> Void = { _ in }
    ) -> Retention {
        var retention = Retention(store: store, shop: shop, directory: archives, logger: .silent)
        retention.done = done
        return retention
    }

    /// An empty shop on the same Redis.
    func another(_ shop: String) async throws -> Fixture {
        let store = Store(redis: redis, shop: shop, catalogue: .test, logger: .silent)
        try await store.open()
        return Fixture(server: server, redis: redis, store: store, archives: archives, shop: shop)
    }
}

func withShop<T>(_ body: (Fixture) async throws -> T) async throws -> T {
    try await withRedisServer { server in
        try await withClient(of: server.url) { redis in
            let store = Store(redis: redis, shop: "", catalogue: .test, logger: .silent)
            try await store.open()
            let directory = server.directory.file("archive")
            return try await body(
                Fixture(server: server, redis: redis, store: store, archives: ArchiveDirectory(path: directory)))
        }
    }
}

extension Catalogue {
    /// `watcher` handles the things and the new notes, `clerk` all of the notes.
    static let test = Catalogue(
        topics: [TopicDefinition("thing"), TopicDefinition("note")],
        projections: [.index(of: "thing", by: "tag"), .unique(.code)],
        handlers: [
            "watcher": TopicDefinition("thing").streams + [StreamKey("note", .created)],
            "clerk": TopicDefinition("note").streams,
        ])
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

extension EventID {
    static let endOfTime = EventID(seconds: 99_999_999_999, microseconds: 0)
}

// MARK: What happens

extension Fixture {
    func append(_ events: [NewEvent]) async throws {
        guard case .committed = try await store.transact(Transaction(events: events)) else {
            throw TestKitError("the events were not taken")
        }
    }

    func create(_ ids: [String], topic: Topic = "thing") async throws {
        try await append(ids.map { .of(topic, .created, $0, 0, before: nil) })
    }

    func update(_ ids: [String], to number: Int) async throws {
        let before = try await numbers(ids)
        try await append(zip(ids, before).map { .of("thing", .updated, $0, number, before: $1) })
    }

    func delete(_ ids: [String]) async throws {
        let before = try await numbers(ids)
        try await append(zip(ids, before).map { .of("thing", .deleted, $0, $1 ?? 0, before: $1) })
    }

    private func numbers(_ ids: [String]) async throws -> [Int?] {
        try await store.load(ids.map { .id("thing", $0) }).map { state in
            state?.decoded()?["n"]?.number?.int64.map { Int($0) }
        }
    }

    /// Every module has handled everything.
    func handleAll() async throws {
        for (module, streams) in Catalogue.test.handled {
            for stream in streams {
                let newest = try await redis.pipeline([
                    RedisCommand("XREVRANGE", key(stream), "+", "-", "COUNT", "1")
                ])
                guard let id = newest[0].array?.first?.array?.first?.string else { continue }
                _ = try await redis.send(RedisCommand("HSET", prefix + "checkpoint:\(module)", key(stream), id))
            }
        }
    }

    var prefix: String { shop.isEmpty ? "" : "{\(shop)}:" }
    func key(_ stream: StreamKey) -> String { "\(prefix)\(stream)" }

    /// Several times: things that come, change and go, and notes.
    func live(_ name: String, _ count: Int = 60) async throws {
        let ids = (0..<count).map { "\(name)\($0)" }
        try await create(ids)
        try await create(ids.prefix(count / 2).map { "note-\($0)" }, topic: "note")
        try await update(ids.enumerated().filter { $0.offset % 3 == 1 }.map(\.element), to: 7)
        try await delete(ids.enumerated().filter { $0.offset % 3 == 2 }.map(\.element))
        try await handleAll()
    }
}

extension Catalogue {
    var handled: [(String, [StreamKey])] {
        [
            ("watcher", TopicDefinition("thing").streams + [StreamKey("note", .created)]),
            ("clerk", TopicDefinition("note").streams),
        ]
    }
}

extension NewEvent {
    static func of(_ topic: Topic, _ action: Action, _ id: String, _ number: Int, before: Int?) -> NewEvent {
        func text(_ number: Int) -> [UInt8] {
            Array(#"{"id": "\#(id)", "code": "c-\#(id)", "tag": "t\#(number % 5)", "n": \#(number)}"#.utf8)
        }
        return NewEvent(
            StreamKey(topic, action), entityID: id, entity: text(number), before: before.map(text),
            metadata: [("cause", "1-1"), ("said", "„so“")])
    }
}

// MARK: What is seen

extension Fixture {
    /// Everything that can be asked of the shop's state, in words.
    func view() async throws -> [String] {
        var words: [String] = []
        for topic in store.topics {
            for count in [7, 500] { words.append("\(topic.topic) by \(count): \(try await list(topic, count))") }
        }
        let ids = try await knownIDs()
        for (id, state) in zip(ids, try await store.load(ids.map { .id("thing", $0) })) {
            words.append("\(id): \(state.map(text) ?? "none")")
        }
        for (id, state) in zip(ids, try await store.load(ids.map { .unique(.code, "c-\($0)") })) {
            words.append("unique \(id): \(state.map(text) ?? "none")")
        }
        for tag in 0..<5 {
            let page = try await store.page(of: "thing.tag", value: "t\(tag)", count: 1_000)
            words.append("tag \(tag): \(page.ids)")
        }
        return words
    }

    func list(_ topic: TopicDefinition, _ count: Int) async throws -> [String] {
        var texts: [String] = []
        var position: EventID? = .zero
        while let start = position {
            let page = try await store.list(topic, after: start, count: count)
            texts += page.entities.map(text)
            position = page.next
        }
        return texts
    }

    private func knownIDs() async throws -> [String] {
        let reply = try await redis.send(RedisCommand("HKEYS", prefix + "ordershop:revisions:thing"))
        return (reply.array ?? []).compactMap(\.string).sorted()
    }

    private func text(_ state: EntityState) -> String {
        "\(state.revision) \(state.isDeleted) \(String(buffer: state.entity))"
    }

    /// All events in the streams, in order.
    func events() async throws -> [StoredEvent] {
        var events = store.storedEvents(upTo: .endOfTime)
        var all: [StoredEvent] = []
        while true {
            let page = try await events.next()
            if page.isEmpty { return all }
            all += page
        }
    }

    /// All events in the archives, in order.
    func archivedEvents() async throws -> [StoredEvent] {
        var all: [StoredEvent] = []
        for manifest in try await archives.list() { all += try await events(in: manifest.file) }
        return all
    }

    func events(in file: String) async throws -> [StoredEvent] {
        let reader = try await archives.reader(of: file)
        var all: [StoredEvent] = []
        while true {
            let page = try await reader.next(100)
            if page.isEmpty { return all }
            all += page
        }
    }
}

/// The code of the error that `body` throws; nil when it throws none.
func archiveErrorCode(_ body: () async throws -> Void) async -> ArchiveError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? ArchiveError)?.code
    }
}

/// A function, because a closure within `#expect` and another behind it are taken for one by the compiler (6.3).
func expectError(
    _ code: ArchiveError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    let found = await archiveErrorCode(body)
    #expect(found == code, sourceLocation: sourceLocation)
}
