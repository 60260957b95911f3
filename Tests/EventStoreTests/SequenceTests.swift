@testable import EventStore
import Logging
import Redis
import TestKit
import Testing

@Suite struct `A sequence of numbers` {
    @Test func `begins with one and goes on without a gap, in the step that appends`() async throws {
        try await withNumberedStore { fixture in
            for number in 1...3 { try await fixture.store.append(.numbered("e\(number)")) }
            #expect(try await fixture.numbers == ["e1": "1", "e2": "2", "e3": "3"])
            #expect(try await fixture.redis.send("GET", "ordershop:sequence:thing").string == "3")
        }
    }

    @Test func `puts the number wherever the placeholder stood, and leaves text that looks like it`() async throws {
        try await withNumberedStore { fixture in
            let text = #""name":"\#(NumberSequence.placeholder)","list":[\#(NumberSequence.placeholder)]"#
            try await fixture.store.append(.numbered("e", text))
            #expect(try await fixture.store.state("e")?.text == NewEvent.entity("e", #""number":1,\#(text)"#))
            #expect(try await fixture.redis.strings("HMGET", "thing_entity:e", "id", "number") == ["e", "1"])
            #expect(try await fixture.redis.send("HGET", "ordershop:unique:thing.number", "1").string == "e")
            let dump = try await fixture.redis.kept()
            #expect(!dump.contains { $0.key.contains(NumberSequence.placeholderText) })
        }
    }

    @Test func `gives one entity one number, however many events of one step tell of it`() async throws {
        try await withNumberedStore { fixture in
            let members = #""number":\#(NumberSequence.placeholder)"#
            try await fixture.store.append(
                .numbered("a"), .numbered("b"), .numbered("a", action: .updated, before: members),
                .numbered("c"))
            #expect(try await fixture.numbers == ["a": "1", "b": "2", "c": "3"])
            #expect(try await fixture.store.differences() == [])
        }
    }

    @Test func `burns none for a step that is refused`() async throws {
        try await withNumberedStore { fixture in
            let store = fixture.store
            try await store.append(.numbered("a"))
            let refused = Transaction(
                expectations: [.vacant(.code, value: "x"), .revision("thing", id: "a", nil)],
                events: [.numbered("b")])
            guard case .conflict(.revision("thing", id: "a", _)) = try await store.transact(refused) else {
                Issue.record("it was not refused")
                return
            }
            try await fixture.redis.send("SET", "events:{note}_created", "no stream")
            let broken = Transaction(events: [.numbered("c"), .note(.created, "n")])
            await expectError(.foreignKey) { _ = try await store.transact(broken) }
            try await store.append(.numbered("d"))
            // The step that broke had written its first event by then, and with it used its number.
            #expect(try await fixture.numbers == ["a": "1", "c": "2", "d": "3"])
        }
    }

    @Test func `has no gap and no number twice, with refusals from two stores at the same time`() async throws {
        try await withNumberedStore { fixture in
            let stores = [fixture.store, fixture.another()]
            try await fixture.store.append(.thing(.created, "taken", #""code":"taken""#))
            let issued = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<400 {
                    group.addTask {
                        var step = Transaction(events: [.numbered("e\(number)")])
                        if number % 3 == 0 { step.expectations = [.vacant(.code, value: "taken")] }
                        guard case .committed = try await stores[number % 2].transact(step) else { return false }
                        return true
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(issued == 266)
            #expect(try await fixture.numbers.values.compactMap { Int($0) }.sorted() == Array(1...issued))
            #expect(try await fixture.store.differences() == [])
        }
    }

    @Test func `that holds no number refuses the step before anything is written`() async throws {
        try await withNumberedStore { fixture in
            try await fixture.redis.send("SET", "ordershop:sequence:thing", "many")
            let before = try await fixture.redis.dump()
            let step = Transaction(events: [.thing(.created, "a"), .numbered("b")])
            await expectError(.unavailable) { _ = try await fixture.store.transact(step) }
            #expect(try await fixture.redis.dump() == before)
        }
    }

    @Test(arguments: ["DEL", "SET 1", "SET many", "HSET a b"])
    func `is brought to the highest number by a repair`(_ damage: String) async throws {
        try await withNumberedStore { fixture in
            for number in 1...5 { try await fixture.store.append(.numbered("e\(number)")) }
            let words = damage.split(separator: " ").map(String.init)
            try await fixture.redis.send("DEL", Self.key)
            _ = try await fixture.redis.send(RedisCommand(words[0], arguments: [Self.key] + words.dropFirst()))
            #expect(try await fixture.store.differences().map(\.key) == [Self.key])
            #expect(try await fixture.store.differences(isMending: true).count == 1)
            #expect(try await fixture.redis.send("GET", Self.key).string == "5")
            #expect(try await fixture.store.differences() == [])
            try await fixture.store.append(.numbered("next"))
            #expect(try await fixture.numbers["next"] == "6")
        }
    }

    @Test func `never goes back: numbers of what is deleted stay used, trimmed or not`() async throws {
        try await withNumberedStore { fixture in
            for number in 1...5 { try await fixture.store.append(.numbered("e\(number)")) }
            try await fixture.store.append(.thing(.deleted, "e5", #""number":5"#, before: #""number":5"#))
            try await fixture.redis.send("DEL", Self.key)
            _ = try await fixture.store.verify(fixture.store.topics, isMending: true)
            #expect(try await fixture.redis.send("GET", Self.key).string == "5")
            try await fixture.store.cut(at: try await fixture.store.append(.note(.created, "n"))[0])
            try await fixture.redis.send("DEL", Self.key)
            _ = try await fixture.store.verify(fixture.store.topics, isMending: true)
            #expect(try await fixture.redis.send("GET", Self.key).string == "5")
        }
    }

    @Test func `is found again where Redis was given nothing but the events, or the snapshots`() async throws {
        try await withNumberedStore { fixture in
            for number in 1...5 { try await fixture.store.append(.numbered("e\(number)")) }
            try await fixture.store.append(.thing(.deleted, "e5", #""number":5"#, before: #""number":5"#))
            for isTrimmed in [false, true] {
                if isTrimmed {
                    try await fixture.store.cut(at: try await fixture.store.append(.note(.created, "n"))[0])
                }
                for key in try await fixture.redis.strings("KEYS", "ordershop:*")
                where !key.contains("snapshot") && !key.contains("retention") {
                    try await fixture.redis.send("DEL", key)
                }
                try await fixture.another().open()
                #expect(try await fixture.redis.send("GET", Self.key).string == "5")
            }
        }
    }

    @Test func `follows what another program wrote`() async throws {
        try await withNumberedStore { fixture in
            try await fixture.redis.foreign("created", "f", at: "2000000000-1", #""number":41"#)
            try await fixture.store.adopt(try await fixture.store.read([.things], after: [:], count: 9).events)
            try await fixture.store.append(.numbered("next"))
            #expect(try await fixture.numbers == ["f": "41", "next": "42"])
        }
    }

    private static let key = "ordershop:sequence:thing"
}

// MARK: Support

extension NewEvent {
    /// An event about an entity whose number is to be issued.
    fileprivate static func numbered(
        _ id: String, _ members: String = "", action: Action = .created, before: String? = nil
    ) -> NewEvent {
        let text = #""number":\#(NumberSequence.placeholder)"# + (members.isEmpty ? "" : "," + members)
        return NewEvent(
            StreamKey("thing", action), entityID: id, entity: Array(entity(id, text).utf8),
            before: before.map { Array(entity(id, $0).utf8) }, sequence: NumberSequence("thing"))
    }
}

extension Fixture {
    /// Of every thing, its number in the cache.
    fileprivate var numbers: [String: String] {
        get async throws {
            var numbers: [String: String] = [:]
            for id in try await redis.strings("SMEMBERS", "thing_ids") {
                numbers[id] = try await redis.send("HGET", "thing_entity:\(id)", "number").string
            }
            return numbers
        }
    }

    fileprivate func another() -> Store { Store(redis: redis, shop: "", catalogue: .numbered, logger: .silent) }
}

extension Catalogue {
    fileprivate static let numbered = Catalogue(
        topics: [TopicDefinition("thing"), TopicDefinition("note")],
        projections: [
            .sequence(NumberSequence("thing"), of: "thing", by: "number"), .unique(.code),
            .unique(UniqueIndex("thing", "number")),
        ])
}

private func withNumberedStore(_ body: (Fixture) async throws -> Void) async throws {
    try await withRedisServer { server in
        try await withClient(of: server.url) { redis in
            let store = Store(redis: redis, shop: "", catalogue: .numbered, logger: .silent)
            try await store.open()
            try await body(Fixture(server: server, redis: redis, store: store))
        }
    }
}
