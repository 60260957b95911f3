@testable import EventStore
import JSON
import Redis
import TestKit
import Testing

/// What a shop of an older version lacks.
@Suite struct `A read model that a shop does not have yet` {
    private static let ranking = Ranking.byNumber("thing", "size")
    private static let later = Catalogue(
        topics: Catalogue.test.topics,
        projections: [
            .index(of: "thing", by: "tags"), .unique(.code),
            Projection(of: "thing", named: "thing.colour", version: "2") { change in
                let (old, new) = (change.before?["colour"]?.string, change.after?["colour"]?.string)
                if old == new { return [] }
                return (old.map { [.remove(index: "thing.colour", value: $0, id: change.id)] } ?? [])
                    + (new.map { [.add(index: "thing.colour", value: $0, id: change.id)] } ?? [])
            },
            .ranking(ranking, version: "2") { $0["size"]?.number?.int64 },
        ])

    private func store(_ fixture: Fixture, _ catalogue: Catalogue = later) -> Store {
        Store(redis: fixture.redis, shop: "", catalogue: catalogue, logger: .silent)
    }

    private func things(_ ids: Range<Int>) -> [NewEvent] {
        ids.map { number in
            .thing(
                .created, "e\(number)", #""colour":"\#(number % 2 == 0 ? "red" : "blue")","size":\#(number % 7)"#)
        }
    }

    private func red(_ ids: Range<Int>) -> [String] { ids.filter { $0 % 2 == 0 }.map { "e\($0)" } }

    @Test(arguments: [true, false])
    func `is not read from until it is built, beside what is written meanwhile`(hasNotes: Bool) async throws {
        try await withStore { fixture in
            _ = try await fixture.store.transact(Transaction(events: things(0..<900)))
            // Shops of before there were notes have none.
            if !hasNotes { try await fixture.redis.send("DEL", "ordershop:read-models") }
            let store = store(fixture)
            try await store.open()
            #expect(store.readModelStanding.missing == ["thing.colour", "thing.size"])
            await expectError(.building) { _ = try await store.page(of: "thing.colour", value: "red", count: 5) }
            await expectError(.building) {
                _ = try await store.page(of: Self.ranking, after: nil, .forwards, count: 5)
            }
            // What was there before is.
            _ = try await store.page(of: "thing.tags", value: "x", count: 5)
            let events = things(900..<1_000)
            async let written: Void = {
                for event in events { try await store.append(event) }
            }()
            let built = try await store.buildReadModels(by: "me+\(Self.later.mark)")
            try await written
            #expect(built == ["thing.colour", "thing.size"])
            let page = try await store.page(of: "thing.colour", value: "red", count: 1_000)
            #expect(page.ids == red(0..<1_000))
            #expect(try await store.differences() == [])
            let next = self.store(fixture)
            try await next.open()
            #expect(next.readModelStanding.isWhole)
        }
    }

    @Test func `is built to its end by the next who tries`() async throws {
        try await withStore { fixture in
            _ = try await fixture.store.transact(Transaction(events: things(0..<700)))
            let store = store(fixture)
            try await store.open()
            let building = Task { try await store.buildReadModels(by: "me+\(Self.later.mark)") }
            try await eventually("it has begun") {
                try await fixture.redis.send("EXISTS", "ordershop:index:thing.colour:red").int == 1
            }
            building.cancel()
            _ = await building.result
            let next = self.store(fixture)
            try await next.open()
            if !next.readModelStanding.isWhole {
                #expect(try await next.buildReadModels(by: "me+\(Self.later.mark)").count == 2)
            }
            #expect(try await next.page(of: "thing.colour", value: "red", count: 1_000).ids == red(0..<700))
        }
    }

    @Test func `waits for daemons of another version, which do not write to it`() async throws {
        try await withStore { fixture in
            let store = store(fixture)
            try await fixture.store.append(.thing(.created, "a", #""colour":"red""#))
            try await store.open()
            for name in ["old:1:x+00000000", "older:1:x"] {
                try await fixture.redis.send("ZADD", "ordershop:daemons", "1", name)
                #expect(try await store.buildReadModels(by: "me+\(Self.later.mark)") == [])
                #expect(store.readModelStanding.obstacles == [name])
                try await fixture.redis.send("ZREM", "ordershop:daemons", name)
            }
            try await fixture.redis.send("ZADD", "ordershop:daemons", "1", "another:2:y+\(Self.later.mark)")
            #expect(try await store.buildReadModels(by: "me+\(Self.later.mark)").count == 2)
        }
    }

    @Test func `is no longer relied upon when a daemon comes that does not write to it`() async throws {
        try await withStore(isOpen: false) { fixture in
            let store = store(fixture)
            try await store.open()
            #expect(store.readModelStanding.isWhole)
            try await fixture.store.open()
            try await fixture.store.append(.thing(.created, "a", #""colour":"red""#))
            try await store.refreshReadModels()
            await expectError(.building) { _ = try await store.page(of: "thing.colour", value: "red", count: 5) }
            #expect(try await store.buildReadModels(by: "me").count == 2)
            #expect(try await store.page(of: "thing.colour", value: "red", count: 5).ids == ["a"])
        }
    }

    @Test func `that must be unique or without a gap holds up what rests on it`() async throws {
        let catalogue = Catalogue(
            topics: [TopicDefinition("thing")],
            projections: [
                .unique(UniqueIndex("thing", "name")),
                .sequence(NumberSequence("thing"), of: "thing", by: "number"),
            ])
        try await withStore { fixture in
            let store = store(fixture, catalogue)
            try await fixture.store.append(.thing(.created, "a", #""name":"x","number":1"#))
            try await store.open()
            await expectError(.building) { _ = try await store.load([.unique(UniqueIndex("thing", "name"), "x")]) }
            let numbered = NewEvent(
                .things, entityID: "b", entity: Array(#"{"id":"b","number":-9000000000000001}"#.utf8), before: nil,
                sequence: NumberSequence("thing"))
            await expectError(.building) { _ = try await store.transact(Transaction(events: [numbered])) }
            _ = try await store.buildReadModels(by: "me")
            try await store.append(numbered)
            #expect(try await store.state("b")?.text == #"{"id":"b","number":2}"#)
        }
    }
}

@Suite struct `A ranking` {
    private static let bySize = Ranking.byNumber("thing", "size")
    private static let byName = Ranking.byText("thing", "name")
    private static let catalogue = Catalogue(
        topics: [TopicDefinition("thing")],
        projections: [
            .ranking(bySize) { $0["size"]?.number?.int64 }, .ranking(byName, byText: { $0["name"]?.string }),
        ])

    private func withRankings(_ body: (Fixture, Store) async throws -> Void) async throws {
        try await withStore(isOpen: false) { fixture in
            let store = Store(redis: fixture.redis, shop: "", catalogue: Self.catalogue, logger: .silent)
            try await store.open()
            try await body(fixture, store)
        }
    }

    private func ids(
        _ ranking: Ranking, _ direction: Direction, by count: Int, in store: Store,
        between: () async throws -> Void = {}
    ) async throws -> [String] {
        var ids: [String] = []
        var place: RankedPlace?
        repeat {
            let page = try await store.page(of: ranking, after: place, direction, count: count)
            ids += page.ids
            place = page.next
            try await between()
        } while place != nil
        return ids
    }

    @Test(arguments: [1, 2, 3, 7, 40, 100])
    func `has each in its order, from either end, in pages of any size`(count: Int) async throws {
        try await withRankings { _, store in
            for number in 0..<40 {
                try await store.append(
                    .thing(.created, "e\(number + 10)", #""size":\#(number % 5),"name":"N\#((number * 7) % 10)""#))
            }
            let bySize = (0..<5).flatMap { size in (0..<40).filter { $0 % 5 == size }.map { "e\($0 + 10)" } }
            let byName = (0..<10).flatMap { name in (0..<40).filter { $0 * 7 % 10 == name }.map { "e\($0 + 10)" } }
            for (ranking, expected) in [(Self.bySize, bySize), (Self.byName, byName)] {
                #expect(try await ids(ranking, .forwards, by: count, in: store) == expected)
                #expect(try await ids(ranking, .backwards, by: count, in: store) == expected.reversed())
            }
            #expect(try await store.differences() == [])
        }
    }

    @Test(arguments: [Direction.forwards, .backwards])
    func `misses none of those that stay and has none twice, while others come and go at the very place`(
        _ direction: Direction
    ) async throws {
        try await withRankings { _, store in
            for number in 10..<50 { try await store.append(.thing(.created, "e\(number)", #""size":3"#)) }
            var seen: [String] = []
            var place: RankedPlace?
            var gone: Set<String> = []
            repeat {
                let page = try await store.page(of: Self.bySize, after: place, direction, count: 3)
                seen += page.ids
                place = page.next
                guard let last = page.ids.last else { break }
                gone.insert(last)
                try await store.append(.thing(.deleted, last, #""size":3"#, before: #""size":3"#))
                try await store.append(.thing(.created, "a\(seen.count)", #""size":2"#))
                try await store.append(.thing(.created, "z\(seen.count)", #""size":4"#))
            } while place != nil && seen.count < 40
            let old = seen.filter { $0.hasPrefix("e") }
            #expect(Set(seen).count == seen.count)
            #expect(Set((10..<50).map { "e\($0)" }).subtracting(old).isEmpty)
        }
    }

    @Test func `follows changes, and texts without regard to case`() async throws {
        try await withRankings { fixture, store in
            try await store.append(
                .thing(.created, "a", #""size":10,"name":"beta""#),
                .thing(.created, "b", #""size":9,"name":"Alpha""#), .thing(.created, "c", #""size":100"#))
            #expect(try await ids(Self.bySize, .forwards, by: 2, in: store) == ["b", "a", "c"])
            #expect(try await ids(Self.byName, .forwards, by: 2, in: store) == ["b", "a"])
            try await store.append(
                .thing(
                    .updated, "b", #""size":11,"name":"gamma""#, before: #""size":9,"name":"Alpha""#))
            #expect(try await ids(Self.bySize, .forwards, by: 2, in: store) == ["a", "b", "c"])
            #expect(try await ids(Self.byName, .forwards, by: 2, in: store) == ["a", "b"])
            try await store.append(.thing(.deleted, "a", "", before: #""size":10,"name":"beta""#))
            #expect(try await ids(Self.byName, .forwards, by: 2, in: store) == ["b"])
            #expect(try await store.differences() == [])
            for (key, member) in [("size", "c"), ("name", "gamma\0b")] {
                try await fixture.redis.send("ZADD", "ordershop:ranking:thing.\(key)", "77", member)
                try await fixture.redis.send("ZADD", "ordershop:ranking:thing.\(key)", "77", "stranger")
            }
            #expect(try await store.differences(isMending: true).count == 4)
            #expect(try await store.differences() == [])
            #expect(try await ids(Self.bySize, .backwards, by: 2, in: store) == ["c", "b"])
        }
    }
}

@Suite struct `A hashed index` {
    private static let topic = TopicDefinition(
        "thing", personal: PersonalMembers(["mail": "(gone)"], of: "owner", hashed: ["mail"]))
    private static let catalogue = Catalogue(
        topics: [topic], projections: [.hashed("thing", by: "mail")])

    private func with(isSealing: Bool, _ body: (Fixture, Store) async throws -> Void) async throws {
        try await withStore(isOpen: false) { fixture in
            let store = Store(
                redis: fixture.redis, shop: "", catalogue: Self.catalogue, isSealing: isSealing, logger: .silent)
            try await store.open()
            try await body(fixture, store)
        }
    }

    private func ids(_ mail: String, _ store: Store) async throws -> [String] {
        try await store.ids(in: "thing.mail", value: store.hash(of: mail, "thing", "mail"), count: 10)
    }

    @Test(arguments: [true, false])
    func `finds who has a value, without regard to case, and shows nobody the value`(isSealing: Bool) async throws {
        try await with(isSealing: isSealing) { fixture, store in
            let ada = #""owner":"p","mail":"Ada@example.org""#
            try await store.append(
                .thing(.created, "a", ada), .thing(.created, "b", #""owner":"q","mail":"bob@example.org""#),
                .thing(.created, "c", #""owner":"r","mail":"ada@EXAMPLE.org""#))
            #expect(try await ids("ada@example.org", store) == ["a", "c"])
            let state = try #require(await store.state("a"))
            _ = try await store.transact(
                Transaction(
                    events: [
                        NewEvent(
                            .changes, entityID: "a",
                            entity: Array(NewEvent.entity("a", #""owner":"p","mail":"ida@example.org""#).utf8),
                            before: state.storedBytes)
                    ]))
            #expect(try await ids("ada@example.org", store) == ["c"])
            #expect(try await ids("ida@example.org", store) == ["a"])
            for key in try await fixture.redis.strings("KEYS", "ordershop:index:*") {
                #expect(!key.contains("example"))
            }
            #expect(try await store.differences() == [])
        }
    }

    @Test func `forgets who is erased, also where it is built anew`() async throws {
        try await with(isSealing: true) { fixture, store in
            try await store.append(
                .thing(.created, "a", #""owner":"p","mail":"ada@example.org""#),
                .thing(.created, "b", #""owner":"q","mail":"bob@example.org""#))
            let state = try #require(await store.state("a"))
            var erasure = Transaction(events: [
                NewEvent(
                    .changes, entityID: "a",
                    entity: Array(NewEvent.entity("a", #""owner":"p","mail":"(gone)""#).utf8),
                    before: state.storedBytes)
            ])
            erasure.destroyedKeys = ["p"]
            _ = try await store.transact(erasure)
            #expect(try await fixture.redis.strings("KEYS", "ordershop:index:*").count == 1)
            #expect(try await store.differences() == [])
            // Its key gone, nothing is found and it is built anew, by a key of its own.
            try await fixture.redis.send("DEL", "ordershop:lookup-key")
            let next = Store(
                redis: fixture.redis, shop: "", catalogue: Self.catalogue, isSealing: true, logger: .silent)
            try await next.open()
            #expect(next.readModelStanding.missing == ["thing.mail"])
            _ = try await next.buildReadModels(by: "me")
            #expect(try await ids("bob@example.org", next) == ["b"])
            #expect(try await fixture.redis.strings("KEYS", "ordershop:index:*").count == 1)
        }
    }
}
