import EventStore
import Redis
import Testing

/// What another program, such as the original OrderShop, wrote before this one came.
@Suite struct `A shop whose streams were there before` {
    @Test func `is taken in when the store is opened`() async throws {
        try await withStore(isOpen: false) { fixture in
            try await fixture.redis.foreign("created", "a", at: "1000-1", #""tags":["x"],"code":"red""#)
            try await fixture.redis.foreign("created", "b", at: "1000-2", #""tags":["x"]"#)
            try await fixture.redis.foreign("updated", "a", at: "1000-3", #""tags":["y"],"code":"blue""#)
            try await fixture.redis.foreign("deleted", "b", at: "1000-4", #""tags":["x"]"#)
            try await fixture.store.open()

            let states = try await fixture.store.load([
                .id("thing", "a"), .id("thing", "b"), .unique(.code, "red"), .unique(.code, "blue"),
            ])
            #expect(states.map { $0?.revision.description } == ["1000-3", "1000-4", nil, "1000-3"])
            #expect(states[1]?.isDeleted == true)
            #expect(try await fixture.store.ids(in: "thing.tags", value: "x", count: 10) == [])
            #expect(try await fixture.store.ids(in: "thing.tags", value: "y", count: 10) == ["a"])
            #expect(
                try await fixture.redis.cache() == [
                    "thing_ids": ["a"], "thing_tags:a": ["y"],
                    "thing_entity:a": ["id", "a", "tags", "thing_tags:a", "code", "blue"],
                ])
        }
    }

    @Test func `leaves nothing of events that Redis has lost since they were read`() async throws {
        try await withStore { fixture in
            let before = try await fixture.redis.dump()
            try await fixture.redis.foreign("created", "a", at: "1000-1", #""tags":["x"],"code":"red""#)
            let read = try await fixture.store.read([.things], after: [:], count: 9).events
            #expect(read.count == 1)
            // As a replica has it that was promoted before it heard of them.
            _ = try await fixture.redis.send("DEL", "events:{thing}_created")
            try await fixture.store.adopt(read)
            #expect(try await fixture.redis.dump() == before)
        }
    }

    @Test func `goes on behind its last event`() async throws {
        try await withStore(isOpen: false) { fixture in
            try await fixture.redis.foreign("created", "a", at: "99999999999-1", "")
            try await fixture.store.open()
            #expect(try await fixture.store.append(.note(.created, "n")) == [EventID("99999999999-2")])
        }
    }

    @Test func `is left as it is, and nothing is added to its streams`() async throws {
        try await withStore(isOpen: false) { fixture in
            try await fixture.redis.foreign("created", "a", at: "1000-1", "")
            try await fixture.redis.foreign("updated", "a", at: "1000-2", "")
            let before = try await fixture.redis.dump()
            try await fixture.store.open()
            let after = try await fixture.redis.dump()
            for (key, value) in before { #expect(after[key] == value) }
        }
    }

    @Test func `may be large, and hold what nobody can read`() async throws {
        try await withStore(isOpen: false) { fixture in
            for number in 0..<1_100 {
                try await fixture.redis.foreign("created", "e\(number)", at: "1000-\(number * 2 + 1)", #""n":0"#)
            }
            try await fixture.redis.foreign("created", "", at: "1000-100000", "{no json")
            try await fixture.redis.send("XADD", "events:{thing}_created", "1000-100001", "something", "else")
            try await fixture.redis.foreign("created", "", at: "1000-100002", "{\"no\":\"id\"}")
            try await fixture.redis.foreign("updated", "e7", at: "1000-100003", #""n":1"#)
            try await fixture.store.open()
            #expect(try await fixture.store.state("e7")?.revision == EventID("1000-100003"))
            #expect(try await fixture.store.state("e1099")?.exists == true)
            #expect(try await fixture.redis.send("SCARD", "thing_ids").int == 1_100)
        }
    }

    @Test func `and that was taken in by half is taken in whole`() async throws {
        try await withStore(isOpen: false) { fixture in
            for number in 1...20 {
                try await fixture.redis.foreign("created", "e\(number)", at: "1000-\(number)", #""tags":["x"]"#)
            }
            let batch = try await fixture.store.read([.things], after: [:], count: 10)
            try await fixture.redis.send("SET", "ordershop:clock", "1000-20")
            try await fixture.redis.send("SET", "ordershop:adopting", "1")
            try await fixture.store.adopt(Array(batch.events.prefix(7)))

            try await fixture.anotherStore().open()
            #expect(try await fixture.redis.send("SCARD", "thing_ids").int == 20)
            #expect(try await fixture.redis.send("EXISTS", "ordershop:adopting").int == 0)
            let ids = try await fixture.store.ids(in: "thing.tags", value: "x", count: 100)
            #expect(ids == (1...20).map { "e\($0)" })
        }
    }

    @Test func `is taken in once by two who open it at the same time`() async throws {
        try await withStore(isOpen: false) { fixture in
            for number in 1...600 {
                try await fixture.redis.foreign("created", "e\(number)", at: "1000-\(number)", #""tags":["x"]"#)
            }
            async let first: Void = fixture.store.open()
            async let second: Void = fixture.anotherStore().open()
            _ = try await (first, second)
            #expect(try await fixture.redis.send("SCARD", "thing_ids").int == 600)
            #expect(try await fixture.redis.send("LLEN", "thing_tags:e1").int == 1)
            #expect(try await fixture.store.ids(in: "thing.tags", value: "x", count: 1_000).count == 600)
        }
    }

    @Test func `is refused when a stream's key holds something else`() async throws {
        try await withStore(isOpen: false) { fixture in
            try await fixture.redis.send("SET", "events:{thing}_created", "text")
            await expectError(.foreignKey) { try await fixture.store.open() }
        }
    }

    @Test func `and gets an event while it runs has its state, once`() async throws {
        try await withStore { fixture in
            let old = try await fixture.store.append(.thing(.created, "a", #""tags":["x"]"#))[0]
            let later = "\(old.seconds + 100)-0"
            try await fixture.redis.foreign("updated", "a", at: later, #""tags":["y"]"#)
            let batch = try await fixture.store.read([.things, .changes], after: [:], count: 10)
            try await fixture.store.adopt(batch.events)
            let once = try await fixture.redis.dump()
            try await fixture.store.adopt(batch.events)
            #expect(try await fixture.redis.dump() == once)
            #expect(try await fixture.store.state("a")?.revision == EventID(later))
            #expect(try await fixture.redis.strings("LRANGE", "thing_tags:a", "0", "-1") == ["y"])
        }
    }
}
