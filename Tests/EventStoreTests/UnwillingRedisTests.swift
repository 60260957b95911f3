import EventStore
import Redis
import TestKit
import Testing

@Suite struct `A Redis that` {
    @Test func `forgot the scripts gets them again`() async throws {
        try await withStore { fixture in
            try await fixture.store.append(.thing(.created, "a"))
            try await fixture.redis.send("SCRIPT", "FLUSH")
            try await fixture.store.append(.thing(.created, "b"))
            try await fixture.redis.send("SCRIPT", "FLUSH")
            #expect(try await fixture.store.state("b") != nil)
            try await fixture.redis.send("SCRIPT", "FLUSH")
            #expect(try await fixture.store.heartbeat(["m"], owner: "me", time: .seconds(5))[0].owner == "me")
        }
    }

    @Test func `is out of memory takes nothing and says so`() async throws {
        try await withStore { fixture in
            try await fixture.store.append(.thing(.created, "a"))
            _ = try await fixture.store.heartbeat(["m"], owner: "me", time: .seconds(60))
            try await fixture.redis.send("CONFIG", "SET", "maxmemory", "1")
            try await expectNothingIsWritten(to: fixture)
            #expect(try await fixture.store.state("a")?.exists == true)
            try await fixture.redis.send("CONFIG", "SET", "maxmemory", "0")
            try await fixture.store.append(.thing(.created, "b"))
        }
    }

    @Test func `is a replica takes nothing and says so`() async throws {
        try await withStore { fixture in
            try await fixture.store.append(.thing(.created, "a"))
            _ = try await fixture.store.heartbeat(["m"], owner: "me", time: .seconds(60))
            try await fixture.redis.send("REPLICAOF", "127.0.0.1", "1")
            try await expectNothingIsWritten(to: fixture)
            #expect(try await fixture.store.state("a")?.exists == true)
            try await fixture.redis.send("REPLICAOF", "NO", "ONE")
            try await fixture.store.append(.thing(.created, "b"))
        }
    }

    private func expectNothingIsWritten(to fixture: Fixture) async throws {
        let before = try await fixture.redis.dump()
        let id = try #require(EventID("1-1"))
        let transactions = [
            Transaction(events: [.thing(.created, "c", #""tags":["x"]"#), .note(.created, "d")]),
            Transaction(
                expectations: [.revision("thing", id: "c", nil)], events: [.thing(.created, "c")],
                checkpoint: CheckpointMove(
                    module: "m", lease: Lease(owner: "me", epoch: 1), positions: [(.things, nil, id)])),
            Transaction(
                checkpoint: CheckpointMove(
                    module: "m", lease: Lease(owner: "me", epoch: 1), positions: [(.things, nil, id)])),
        ]
        for transaction in transactions {
            await expectError(.unavailable) { _ = try await fixture.store.transact(transaction) }
        }
        #expect(try await fixture.redis.dump() == before)
    }

    @Test func `is away makes everything unavailable, and comes back`() async throws {
        try await withStore(options: ["--appendonly", "yes", "--appendfsync", "always"]) { fixture in
            try await fixture.store.append(.thing(.created, "a"))
            fixture.server.kill()
            try await eventually("it is noticed") { !fixture.redis.isConnected }
            let appended = await storeErrorCode { try await fixture.store.append(.thing(.created, "b")) }
            #expect(appended == .unavailable)
            await expectError(.unavailable) { _ = try await fixture.store.state("a") }
            try await fixture.server.restart()
            try await eventually("it is back") { (try? await fixture.store.state("a"))?.flatMap { $0 } != nil }
            #expect(try await fixture.store.state("b") == nil)
        }
    }
}

@Suite struct `A shop with a name` {
    @Test func `has all of its keys under its name, and shares none`() async throws {
        try await withStore(shop: "berlin") { fixture in
            try await use(fixture.store)
            let keys = try await fixture.redis.strings("KEYS", "*")
            #expect(keys.filter { !$0.hasPrefix("{berlin}:") } == [])
            for key in [
                "events:{thing}_created", "thing_ids", "thing_entity:a", "thing_tags:a", "checkpoint:m",
                "checkpoint:keeper",
            ] {
                #expect(keys.contains("{berlin}:" + key))
            }
            #expect(
                try await fixture.redis.send("HGET", "{berlin}:thing_entity:a", "tags").string
                    == "{berlin}:thing_tags:a")
        }
    }

    @Test func `knows nothing of another on the same Redis`() async throws {
        try await withStore(shop: "berlin") { fixture in
            try await use(fixture.store)
            let before = try await fixture.redis.dump()
            let other = fixture.anotherStore()
            try await other.open()
            #expect(try await other.state("a") == nil)
            #expect(try await other.list(TopicDefinition("thing")).entities.isEmpty)
            try await use(other)
            let after = try await fixture.redis.dump()
            for (key, value) in before { #expect(after[key] == value) }
        }
    }

    private func use(_ store: Store) async throws {
        let ids = try await store.append(
            .thing(.created, "a", #""tags":["x"],"code":"red""#), .note(.created, "n"))
        _ = try await store.heartbeat(["m"], owner: "me", time: .seconds(60))
        try await store.setEnabled(false, module: "other")
        let move = CheckpointMove(
            module: "m", lease: Lease(owner: "me", epoch: 1), positions: [(.things, nil, ids[0])])
        let outcome = try await store.transact(Transaction(checkpoint: move))
        #expect(outcome == .committed([]))
        #expect(try await store.checkpoint(of: "m") == [.things: ids[0]])
        #expect(try await store.load([.unique(.code, "red")])[0]?.id == "a")
        #expect(try await store.read([.things], after: [:], count: 5).events.map(\.stream) == [.things])
        #expect(try await store.rebuildCache(TopicDefinition("thing")) == 1)
    }
}
