import EventStore
import NIOPosix
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
            #expect(
                try await fixture.store.heartbeat(["m"], owner: "me", time: .seconds(5))[0].lease?.owner == "me")
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

    @Test func `is out of memory before it knows the scripts lets reads go on`() async throws {
        try await withStore { fixture in
            try await fixture.store.append(.thing(.created, "a"))
            try await fixture.redis.send("SCRIPT", "FLUSH")
            try await fixture.redis.send("CONFIG", "SET", "maxmemory", "1")
            #expect(try await fixture.store.state("a")?.exists == true)
            #expect(try await fixture.store.list(TopicDefinition("thing")).entities.count == 1)
            await expectError(.unavailable) { try await fixture.store.append(.thing(.created, "b")) }
            try await fixture.store.recover()
            try await fixture.anotherStore().open()
        }
    }

    @Test func `lost its replicas takes nothing and says so`() async throws {
        try await withStore { fixture in
            try await fixture.store.append(.thing(.created, "a"))
            _ = try await fixture.store.heartbeat(["m"], owner: "me", time: .seconds(60))
            try await fixture.redis.send("CONFIG", "SET", "min-replicas-to-write", "1")
            try await expectNothingIsWritten(to: fixture)
            #expect(try await fixture.store.state("a")?.exists == true)
            try await fixture.redis.send("CONFIG", "SET", "min-replicas-to-write", "0")
            try await fixture.store.append(.thing(.created, "b"))
        }
    }

    @Test func `could not write its snapshot takes nothing and says so`() async throws {
        try await withStore(options: ["--save", "3600 1000000", "--enable-protected-configs", "yes"]) { fixture in
            try await fixture.store.append(.thing(.created, "a"))
            _ = try await fixture.store.heartbeat(["m"], owner: "me", time: .seconds(60))
            let name = String(repeating: "x", count: 300)
            try await fixture.redis.send("CONFIG", "SET", "dbfilename", name)
            try await fixture.redis.send("BGSAVE")
            try await eventually("the snapshot failed") {
                try await fixture.redis.send("INFO", "persistence").string?.contains("bgsave_status:err") == true
            }
            try await expectNothingIsWritten(to: fixture)
            #expect(try await fixture.store.state("a")?.exists == true)
            try await fixture.redis.send("CONFIG", "SET", "save", "")
            try await fixture.store.append(.thing(.created, "b"))
        }
    }

    @Test func `is blocked by a script can do nothing, says so, and goes on behind it`() async throws {
        try await withStore(options: ["--busy-reply-threshold", "20"]) { fixture in
            try await fixture.store.append(.thing(.created, "a"))
            async let blocking = fixture.redis.withDedicatedConnection {
                try await $0.send(RedisCommand("EVAL", "while true do end", "0"), timeout: nil)
            }
            try await eventually("it is busy") {
                await storeErrorCode { _ = try await fixture.store.state("a") } == .unavailable
            }
            await expectError(.unavailable) { try await fixture.store.append(.thing(.created, "b")) }
            try await fixture.redis.send("SCRIPT", "KILL")
            _ = try? await blocking
            #expect(try await fixture.store.state("b") == nil)
            try await fixture.store.append(.thing(.created, "b"))
        }
    }

    @Test func `may not be used as a store needs it says whom to ask`() async throws {
        try await withStore { fixture in
            try await fixture.redis.send("ACL", "SETUSER", "reader", "on", ">secret", "~*", "+@all", "-evalsha")
            let url = "unix://\(fixture.server.socketPath)"
            var configuration = try RedisConfiguration(url: url)
            (configuration.username, configuration.password) = ("reader", "secret")
            let redis = RedisClient(
                configuration: configuration, eventLoopGroup: .singletonMultiThreadedEventLoopGroup, logger: .silent
            )
            async let _: Void = redis.run()
            try await redis.waitUntilConnected()
            let store = fixture.anotherStore(on: redis)
            do {
                try await store.append(.thing(.created, "a"))
                Issue.record("nothing was thrown")
            } catch let error as StoreError {
                #expect(error.code == .unavailable)
                #expect(error.message.contains("ACL"))
                #expect(error.retryAfter == .seconds(5))
            }
        }
    }

    private func expectNothingIsWritten(to fixture: Fixture) async throws {
        let before = try await fixture.redis.dump()
        let id = try #require(try await fixture.store.state("a")?.revision)
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
