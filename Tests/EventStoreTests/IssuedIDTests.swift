import EventStore
import Redis
import TestKit
import Testing

@Suite struct `Ids that Redis issues` {
    @Test func `are unique and increase over all streams, whoever appends`() async throws {
        try await withStore { fixture in
            let stores = [fixture.store, fixture.anotherStore()]
            let lists = try await withThrowingTaskGroup(of: [EventID].self) { group in
                for task in 0..<16 { group.addTask { try await append(25, by: task, to: stores[task % 2]) } }
                return try await group.reduce(into: [[EventID]]()) { $0.append($1) }
            }
            for list in lists { #expect(list == list.sorted()) }
            #expect(Set(lists.joined()).count == 16 * 25 * 2)
            for stream in [StreamKey.things, .notes] {
                let batch = try await fixture.store.read([stream], after: [:], count: 1_000)
                #expect(batch.events.count == 400)
            }
        }
    }

    private func append(_ count: Int, by task: Int, to store: Store) async throws -> [EventID] {
        var ids: [EventID] = []
        for number in 0..<count {
            ids += try await store.append(
                .thing(.created, "\(task)-\(number)"), .note(.created, "\(task)-\(number)"))
        }
        return ids
    }

    @Test func `are near Redis's own time`() async throws {
        try await withStore { fixture in
            let before = try await fixture.redis.strings("TIME").compactMap { UInt64($0) }
            let id = try await fixture.store.append(.thing(.created, "a"))[0]
            let after = try await fixture.redis.strings("TIME").compactMap { UInt64($0) }
            #expect(EventID(seconds: before[0], microseconds: before[1]) <= id)
            #expect(id <= EventID(seconds: after[0], microseconds: after[1]))
        }
    }

    @Test func `go on by a microsecond where the clock runs backwards`() async throws {
        try await withStore { fixture in
            try await fixture.redis.send("SET", "ordershop:clock", "99999999999-7")
            let ids = try await fixture.store.append(.thing(.created, "a"), .note(.created, "b"))
            let next = try await fixture.store.append(.thing(.created, "c"))
            #expect((ids + next).map(\.description) == ["99999999999-8", "99999999999-9", "99999999999-10"])
        }
    }

    @Test func `never have a million microseconds`() async throws {
        try await withStore { fixture in
            try await fixture.redis.send("SET", "ordershop:clock", "99999999999-999998")
            let ids = try await fixture.store.append(
                .thing(.created, "a"), .note(.created, "b"), .thing(.created, "c"))
            #expect(ids.map(\.description) == ["99999999999-999999", "100000000000-0", "100000000000-1"])
        }
    }

    @Test func `increase over a restart of Redis`() async throws {
        try await withStore(options: ["--appendonly", "yes", "--appendfsync", "always"]) { fixture in
            try await fixture.redis.send("SET", "ordershop:clock", "99999999999-0")
            let before = try await fixture.store.append(.thing(.created, "a"))
            try await fixture.server.restart()
            try await eventually("Redis is back") {
                (try? await fixture.redis.send("PING")) == .status("PONG")
            }
            let after = try await fixture.store.append(.thing(.created, "b"))
            #expect(before < after)
            #expect(after.map(\.description) == ["99999999999-2"])
        }
    }
}

@Suite struct `An event that another program wrote` {
    @Test func `with a later id breaks no append, and everything comes behind it`() async throws {
        try await withStore { fixture in
            try await fixture.redis.foreign("created", "x", at: "99999999999-5", "\"a\":1")
            let id = try await fixture.store.append(.thing(.created, "a"))[0]
            #expect(id == EventID("99999999999-6"))
            let next = try await fixture.store.append(.note(.created, "b"))[0]
            #expect(next == EventID("99999999999-7"))
        }
    }

    @Test func `is never overtaken by a later change of its entity`() async throws {
        try await withStore { fixture in
            try await fixture.redis.foreign("created", "x", at: "99999999999-5", "\"a\":1")
            let batch = try await fixture.store.read([.things], after: [:], count: 10)
            try await fixture.store.adopt(batch.events)
            let id = try await fixture.store.append(.thing(.updated, "x", "\"a\":2", before: "\"a\":1"))[0]
            #expect(try #require(EventID("99999999999-5")) < id)
        }
    }
}

extension [EventID] {
    fileprivate static func < (left: [EventID], right: [EventID]) -> Bool {
        left.lexicographicallyPrecedes(right)
    }
}
