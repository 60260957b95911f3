import EventStore
import Redis
import Testing

@Suite struct `The entity cache` {
    @Test func `is a set of ids and a hash per entity, in the order of the object`() async throws {
        try await withStore { fixture in
            let members = #""name":"Zoë","price":12.50,"big":1e3,"on":true,"none":null"#
            try await fixture.store.append(.thing(.created, "a", members), .note(.created, "n"))
            #expect(
                try await fixture.redis.cache() == [
                    "thing_ids": ["a"],
                    "thing_entity:a": [
                        "id", "a", "name", "Zoë", "price", "12.50", "big", "1e3", "on", "true", "none", "",
                    ],
                ])
            #expect(
                try await fixture.redis.cache(of: "note") == [
                    "note_ids": ["n"], "note_entity:n": ["id", "n"],
                ])
        }
    }

    @Test func `has the id first wherever it stands in the object`() async throws {
        try await withStore { fixture in
            try await fixture.store.append(
                NewEvent(.things, entityID: "a", entity: Array(#"{"x":1,"id":"a"}"#.utf8), before: nil))
            #expect(try await fixture.redis.strings("HGETALL", "thing_entity:a") == ["id", "a", "x", "1"])
        }
    }

    @Test func `has a list of its own for a list, and a hash for an object`() async throws {
        try await withStore { fixture in
            let members = #""tags":["x","y","x"],"size":{"w":1,"unit":"m","deep":{"a":[1]}},"empty":[]"#
            try await fixture.store.append(.thing(.created, "a", members))
            #expect(
                try await fixture.redis.cache() == [
                    "thing_ids": ["a"],
                    "thing_entity:a": [
                        "id", "a", "tags", "thing_tags:a", "size", "thing_size:a", "empty", "thing_empty:a",
                    ],
                    "thing_tags:a": ["x", "y", "x"],
                    "thing_size:a": ["w", "1", "unit", "m", "deep", #"{"a":[1]}"#],
                ])
        }
    }

    @Test func `follows an update: lists shrink, vanish and come`() async throws {
        try await withStore { fixture in
            let states = [
                #""tags":["x","y","z"],"old":[1],"gone":1"#, #""tags":["z"],"new":{"k":"v"}"#, #""tags":"none""#,
            ]
            try await fixture.store.append(.thing(.created, "a", states[0]))
            try await fixture.store.append(.thing(.updated, "a", states[1], before: states[0]))
            #expect(
                try await fixture.redis.cache() == [
                    "thing_ids": ["a"], "thing_tags:a": ["z"], "thing_new:a": ["k", "v"],
                    "thing_entity:a": ["id", "a", "tags", "thing_tags:a", "new", "thing_new:a"],
                ])
            try await fixture.store.append(.thing(.updated, "a", states[2], before: states[1]))
            #expect(
                try await fixture.redis.cache() == [
                    "thing_ids": ["a"], "thing_entity:a": ["id", "a", "tags", "none"],
                ])
        }
    }

    @Test func `forgets all of an entity that is deleted, and nothing else`() async throws {
        try await withStore { fixture in
            let members = #""tags":["x"],"size":{"w":1}"#
            try await fixture.store.append(.thing(.created, "a", members), .thing(.created, "b", members))
            try await fixture.store.append(.thing(.deleted, "a", members, before: members))
            #expect(
                try await fixture.redis.cache() == [
                    "thing_ids": ["b"], "thing_tags:b": ["x"], "thing_size:b": ["w", "1"],
                    "thing_entity:b": ["id", "b", "tags", "thing_tags:b", "size", "thing_size:b"],
                ])
        }
    }

    @Test func `takes long lists and many properties`() async throws {
        try await withStore { fixture in
            let list = (0..<5_000).map { "\"\($0)\"" }.joined(separator: ",")
            let properties = (0..<5_000).map { "\"p\($0)\":\($0)" }.joined(separator: ",")
            try await fixture.store.append(.thing(.created, "a", "\"tags\":[\(list)],\(properties)"))
            #expect(try await fixture.redis.send("LLEN", "thing_tags:a").int == 5_000)
            #expect(try await fixture.redis.send("HLEN", "thing_entity:a").int == 5_002)
        }
    }

    @Test func `holds no append up that cannot be written to it`() async throws {
        try await withStore { fixture in
            try await fixture.redis.send("SET", "thing_ids", "a string")
            try await fixture.store.append(.thing(.created, "a"))
            #expect(try await fixture.store.state("a")?.exists == true)
        }
    }
}

@Suite struct `The cache, rebuilt,` {
    private static let things = TopicDefinition("thing")

    @Test func `is the cache as it was kept`() async throws {
        try await withStore { fixture in
            try await fill(fixture.store, with: 300)
            let kept = try await fixture.redis.cache()
            #expect(try await !fixture.store.isCacheMissing(Self.things))
            for key in kept.keys { try await fixture.redis.send("DEL", key) }
            #expect(try await fixture.store.isCacheMissing(Self.things))
            let count = try await fixture.store.rebuildCache(Self.things)
            #expect(try await fixture.redis.cache() == kept)
            #expect(count == kept["thing_ids"]?.count)
        }
    }

    @Test func `is right whatever it was before`() async throws {
        try await withStore { fixture in
            try await fill(fixture.store, with: 50)
            let kept = try await fixture.redis.cache()
            try await fixture.redis.send("SADD", "thing_ids", "stranger", "e4")
            try await fixture.redis.send("HSET", "thing_entity:stranger", "id", "stranger")
            for id in kept["thing_ids"] ?? [] {
                try await fixture.redis.send("HSET", "thing_entity:\(id)", "wrong", "1")
                try await fixture.redis.send("RPUSHX", "thing_tags:\(id)", "wrong")
            }
            _ = try await fixture.store.rebuildCache(Self.things)
            #expect(try await fixture.redis.cache() == kept)
        }
    }

    @Test func `while entities change is right as well`() async throws {
        try await withStore { fixture in
            try await fill(fixture.store, with: 250)
            async let rebuilds = fixture.store.rebuildCache(Self.things)
            for number in 0..<100 {
                guard let state = try await fixture.store.state("e\(number)"), state.exists else { continue }
                _ = try await fixture.store.transact(
                    Transaction(events: [
                        NewEvent(
                            .changes, entityID: state.id,
                            entity: Array(#"{"id":"\#(state.id)","tags":["new"]}"#.utf8),
                            before: state.bytes)
                    ]))
            }
            _ = try await rebuilds
            let after = try await fixture.redis.cache()
            _ = try await fixture.store.rebuildCache(Self.things)
            #expect(try await fixture.redis.cache() == after)
        }
    }

    @Test func `of no entities is none, and nothing is missing`() async throws {
        try await withStore { fixture in
            try await fixture.store.append(.thing(.created, "a"), .thing(.deleted, "a", before: ""))
            #expect(try await !fixture.store.isCacheMissing(Self.things))
            #expect(try await fixture.store.rebuildCache(Self.things) == 0)
            #expect(try await fixture.redis.cache() == [:])
        }
    }

    /// Entities `e0`, `e1` …: every third was changed, every fifth deleted.
    private func fill(_ store: Store, with count: Int) async throws {
        for number in 0..<count {
            let members = #""n":\#(number),"tags":["t\#(number % 7)","all"]"#
            try await store.append(.thing(.created, "e\(number)", members))
            if number % 3 == 0 {
                try await store.append(.thing(.updated, "e\(number)", #""n":1"#, before: members))
            }
            let last = number % 3 == 0 ? #""n":1"# : members
            if number % 5 == 0 { try await store.append(.thing(.deleted, "e\(number)", last, before: last)) }
        }
    }
}
