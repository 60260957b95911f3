@testable import EventStore
import JSON
import Redis
import TestKit
import Testing

@Suite struct `A shop that is being rebuilt` {
    private static let thing = TopicDefinition("thing")

    @Test func `loses no update, whatever changes meanwhile`() async throws {
        try await withStore { fixture in
            try await fixture.store.fill(with: 600)
            try await Self.damage(fixture.redis)
            let store = fixture.store
            try await Self.whileWriting(fixture) {
                for _ in 0..<5 { _ = try await store.verify(store.topics, isMending: true) }
            }
            #expect(try await store.differences() == [])
            let kept = try await fixture.redis.kept()
            for key in kept.keys { try await fixture.redis.send("DEL", key) }
            _ = try await store.verify(store.topics, isMending: true)
            #expect(try await fixture.redis.kept() == kept)
        }
    }

    @Test func `is not told of differences that are none, while it is written to`() async throws {
        try await withStore { fixture in
            try await fixture.store.fill(with: 600)
            let store = fixture.store
            try await Self.whileWriting(fixture) {
                for _ in 0..<5 { #expect(try await store.verify(store.topics).examples == []) }
                try await fixture.redis.send("HSET", "thing_entity:stranger", "id", "stranger")
                #expect(
                    try await store.differences() == [
                        Difference(.extra, "thing_entity:stranger", found: "id stranger")
                    ])
            }
        }
    }

    @Test func `shows its readers every entity as it was or as it must be`() async throws {
        try await withStore { fixture in
            try await fixture.store.fill(with: 400)
            let ids = try await fixture.redis.strings("SMEMBERS", "thing_ids")
            let store = fixture.store
            let reading = Task {
                while !Task.isCancelled {
                    for id in ids.shuffled().prefix(50) {
                        let replies = try await fixture.redis.pipeline([
                            RedisCommand("SISMEMBER", "thing_ids", id),
                            RedisCommand("HGETALL", "thing_entity:\(id)"),
                        ])
                        let words = replies[1].array?.compactMap(\.string) ?? []
                        #expect(replies[0].int == 1)
                        #expect(words.starts(with: ["id", id, "n"]))
                        #expect(words.count == 8 || words.count == 10 || words.last == "1")
                    }
                }
            }
            for _ in 0..<5 {
                for id in ids { try await fixture.redis.send("HSET", "thing_entity:\(id)", "wrong", "1") }
                let report = try await store.verify([Self.thing], isMending: true)
                #expect(report.differences == ids.count)
            }
            reading.cancel()
            do { try await reading.value } catch let error as RedisError { #expect(error.code == .cancelled) }
        }
    }

    @Test func `is finished by the next one where one ended half way`() async throws {
        try await withStore { fixture in
            try await fixture.store.fill(with: 1_500)
            let kept = try await fixture.redis.kept()
            let store = fixture.store
            for key in kept.keys where key.hasPrefix("thing_") { try await fixture.redis.send("DEL", key) }
            let work = Task {
                try await store.verify([Self.thing], isMending: true) { progress in
                    if progress.events > 1_900 { withUnsafeCurrentTask { $0?.cancel() } }
                }
            }
            await expectError(.cancelled) { _ = try await work.value }
            let half = try await fixture.redis.strings("SMEMBERS", "thing_ids")
            #expect(half.count < 1_200)
            for id in half { #expect(kept["thing_entity:\(id)"] != nil) }
            // What is there is no whole cache, and is not taken for one.
            #expect(try await store.isCacheMissing(Self.thing))
            #expect(try await store.rebuildCache(Self.thing) == 1_200)
            #expect(try await !store.isCacheMissing(Self.thing))
            #expect(try await fixture.redis.kept() == kept)
        }
    }

    @Test func `deletes nothing that it cannot write again`() async throws {
        try await withStore { fixture in
            try await fixture.store.fill(with: 30)
            let kept = try await fixture.redis.kept()
            try await fixture.redis.send("HSET", "thing_entity:e1", "n", "wrong")
            try await fixture.redis.send("CONFIG", "SET", "maxmemory", "1")
            await expectError(.unavailable) {
                _ = try await fixture.store.verify([Self.thing], isMending: true)
            }
            #expect(try await fixture.redis.send("HGET", "thing_entity:e1", "n").string == "wrong")
            try await fixture.redis.send("CONFIG", "SET", "maxmemory", "0")
            _ = try await fixture.store.verify([Self.thing], isMending: true)
            #expect(try await fixture.redis.kept() == kept)
        }
    }

    // MARK: Behind a cut of retention

    @Test func `is as its snapshots and its events say, where events were trimmed`() async throws {
        try await withStore { fixture in
            let store = fixture.store
            try await store.append(.thing(.updated, "unborn", #""code":"u","tags":["x"]"#))
            try await store.fill(with: 60)
            let cut = try await store.append(.note(.created, "n"))[0]
            try await store.append(.thing(.created, "late", #""code":"l","tags":["all"]"#))
            try await store.append(
                .thing(.updated, "e1", #""code":"new""#, before: Store.members(1, isChanged: false)))
            let before = try await fixture.redis.kept()
            try await store.cut(at: cut)
            #expect(try await fixture.redis.send("XLEN", "events:{thing}_created").int == 1)
            #expect(try await store.differences() == [])
            let kept = try await fixture.redis.kept()
            #expect(
                kept.filter { !$0.key.hasPrefix("ordershop:revisions") }
                    == before.filter { !$0.key.hasPrefix("ordershop:revisions") })
            for key in kept.keys { try await fixture.redis.send("DEL", key) }
            #expect(try await store.verify(store.topics, isMending: true).differences > 100)
            #expect(try await store.differences() == [])
            #expect(Self.withoutTimes(try await fixture.redis.kept()) == Self.withoutTimes(kept))
            for id in ["unborn", "e2", "e3", "e1", "late"] {
                #expect(try await store.state(id)?.exists == true, "\(id)")
            }
        }
    }

    @Test func `keeps what came into an index before a cut, as nobody can say why`() async throws {
        try await withStore { fixture in
            try await fixture.store.fill(with: 10)
            let cut = try await fixture.store.append(.note(.created, "n"))[0]
            try await fixture.store.cut(at: cut)
            let tag = "ordershop:index:thing.tags:t1"
            try await fixture.redis.send("ZADD", tag, "5", "old")
            try await fixture.redis.send("ZADD", tag, "\(cut.score + 1)", "new")
            #expect(
                try await fixture.store.differences(isMending: true) == [
                    Difference(.extra, tag, field: "new", found: "\(EventID(score: cut.score + 1))")
                ])
            #expect(try await fixture.redis.strings("ZRANGE", tag, "0", "-1").contains("old"))
        }
    }

    /// Since when who is in an index before a cut, snapshots cannot tell.
    private static func withoutTimes(_ kept: [String: [String]]) -> [String: [String]] {
        kept.mapValues { words in
            guard words.first == "zset" else { return words }
            return stride(from: 1, to: words.count, by: 2).map { words[$0] }.sorted()
        }
    }

    // MARK: Several topics in one index

    @Test func `has its indexes again that several topics write to`() async throws {
        try await withRedisServer { server in
            try await withClient(of: server.url) { redis in
                let store = Store(redis: redis, shop: "", catalogue: .bills, logger: .silent)
                try await store.open()
                for number in 0..<20 {
                    let buyer = #""buyer":"b\#(number % 3)""#
                    try await store.append(.thing(.created, "o\(number)", buyer))
                    if number % 4 == 0 {
                        try await store.append(.thing(.deleted, "o\(number)", buyer, before: buyer))
                    } else if number % 4 == 1 {
                        try await store.append(
                            .thing(.created, "n\(number)", #""of":"o\#(number)""#, topic: "note"))
                    }
                }
                try await store.append(
                    .thing(.updated, "n1", #""of":"o2""#, before: #""of":"o1""#, topic: "note"))
                #expect(try await store.differences() == [])
                let kept = try await redis.kept()
                // Who has ever bought stays in the index, though his thing is gone.
                #expect(kept["ordershop:index:buyers"]?.count == 7)
                try await redis.send("DEL", "ordershop:index:buyers")
                try await redis.send("ZADD", "ordershop:index:open", "1", "o3")
                try await redis.send("ZREM", "ordershop:index:open", "o7")
                #expect(try await store.differences([TopicDefinition("note")], isMending: true).count == 5)
                #expect(try await redis.kept() == kept)
            }
        }
    }

    // MARK: Writers

    private static func damage(_ redis: RedisClient) async throws {
        for number in 0..<100 {
            try await redis.send("HSET", "thing_entity:e\(number)", "wrong", "1")
            try await redis.send("DEL", "thing_tags:e\(number + 100)")
            try await redis.send("HDEL", "ordershop:unique:thing.code", "c\(number)")
            try await redis.send("SREM", "thing_ids", "e\(number + 200)")
        }
        try await redis.send("DEL", "ordershop:index:thing.tags:t1")
        try await redis.send("ZADD", "ordershop:index:thing.tags:all", "1", "stranger")
    }

    /// Runs `body` while entities are made, changed and deleted without a pause.
    private static func whileWriting(
        _ fixture: Fixture, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let store = fixture.store
        try await withThrowingTaskGroup(of: Int.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    var written = 0
                    while !Task.isCancelled { if (try? await Self.write(store, writer)) != nil { written += 1 } }
                    return written
                }
            }
            do { try await body() } catch {
                group.cancelAll()
                throw error
            }
            group.cancelAll()
            for try await written in group { #expect(written > 10) }
        }
    }

    private static func write(_ store: Store, _ writer: Int) async throws {
        // Its own entities: nobody else's decision stands in between.
        let number = Int.random(in: 0..<200) * 4 + writer
        guard let state = try await store.state("e\(number)"), state.exists else {
            return try await append(store, .created, number, nil)
        }
        let action: Action = Bool.random() ? .updated : .deleted
        try await append(store, action, number, state)
    }

    private static func append(
        _ store: Store, _ action: Action, _ number: Int, _ state: EntityState?
    ) async throws {
        let members = Store.members(Int.random(in: 0..<100), isChanged: Bool.random())
            .replacing(/"code":"c\d+"/, with: #""code":"c\#(number)""#)
        let entity = action == .deleted ? state?.bytes ?? [] : Array(NewEvent.entity("e\(number)", members).utf8)
        let event = NewEvent(
            StreamKey("thing", action), entityID: "e\(number)", entity: entity, before: state?.bytes)
        _ = try await store.transact(
            Transaction(
                expectations: [.revision("thing", id: "e\(number)", state?.revision)], events: [event]))
    }
}

extension Catalogue {
    /// A note closes the thing that it is of; who has bought a thing is never forgotten.
    fileprivate static let bills = Catalogue(
        topics: [TopicDefinition("thing"), TopicDefinition("note")],
        projections: [
            Projection(of: "thing") { change in
                switch (change.before, change.after) {
                case (nil, .some): [.add(index: "open", id: change.id)]
                case (.some, nil): [.remove(index: "open", id: change.id)]
                case (nil, nil), (.some, .some): []
                }
            },
            Projection(of: "thing") { change in
                change.after?["buyer"]?.string.map { [.add(index: "buyers", id: $0)] } ?? []
            },
            Projection(of: "note") { change in
                let (old, new) = (change.before?["of"]?.string, change.after?["of"]?.string)
                return (old.map { [.add(index: "open", id: $0)] } ?? [])
                    + (new.map { [.remove(index: "open", id: $0)] } ?? [])
            },
        ])
}
