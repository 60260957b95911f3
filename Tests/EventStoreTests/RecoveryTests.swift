import EventStore
import NIOCore
import Redis
import TestKit
import Testing

/// Redis came back with less than it acknowledged, or with parts that do not fit together.
@Suite struct `A Redis that lost` {
    // MARK: Its tail

    @Test func `events is found out at the next connect, and no id is issued twice`() async throws {
        try await withStore { fixture in
            let kept = try await fixture.store.append(.thing(.created, "a"))
            let lost = try await fixture.forgetting {
                try await fixture.store.append(.thing(.created, "b"), .note(.created, "n"))
            }
            try await fixture.store.recover()
            #expect(fixture.store.findings.losses == [DataLoss(kept: kept[0], lost: lost[1])])
            #expect(try await fixture.store.state("b") == nil)
            #expect(try await fixture.store.append(.thing(.created, "c"))[0] > lost[1])
            try await fixture.store.recover()
            #expect(fixture.store.findings.losses.count == 1)
        }
    }

    @Test func `events is found out by the next append, where that comes first`() async throws {
        try await withStore { fixture in
            let kept = try await fixture.store.append(.thing(.created, "a"))
            let lost = try await fixture.forgetting { try await fixture.store.append(.thing(.created, "b")) }
            #expect(try await fixture.store.append(.thing(.created, "c"))[0] > lost[0])
            #expect(fixture.store.findings.losses == [DataLoss(kept: kept[0], lost: lost[0])])
            try await fixture.store.recover()
            #expect(fixture.store.findings.losses.count == 1)
        }
    }

    @Test func `events is found out though another daemon has appended since`() async throws {
        try await withStore { fixture in
            let kept = try await fixture.store.append(.thing(.created, "a"))
            let lost = try await fixture.forgetting { try await fixture.store.append(.thing(.created, "b")) }
            let other = fixture.anotherStore()
            try await other.open()
            try await other.append(.thing(.created, "c"))
            #expect(other.findings == StoreFindings())
            try await fixture.store.recover()
            #expect(fixture.store.findings.losses == [DataLoss(kept: kept[0], lost: lost[0])])
        }
    }

    @Test(arguments: [true, false])
    func `everything is begun anew, above every id that was issued`(isCompared: Bool) async throws {
        try await withStore { fixture in
            let lost = try await fixture.store.append(.thing(.created, "a"))[0]
            try await fixture.redis.send("FLUSHALL")
            if isCompared { try await fixture.store.recover() }
            #expect(try await fixture.store.append(.thing(.created, "a"))[0] > lost)
            #expect(fixture.store.findings.losses == [DataLoss(kept: .zero, lost: lost)])
        }
    }

    @Test func `nothing but what retention trimmed has lost nothing`() async throws {
        try await withStore { fixture in
            let id = try await fixture.store.append(.thing(.created, "a"))[0]
            try await fixture.redis.send("XTRIM", "events:{thing}_created", "MAXLEN", "0")
            try await fixture.redis.send("HSET", "ordershop:retention", "cut", "\(id)")
            try await fixture.store.recover()
            #expect(fixture.store.findings == StoreFindings())
        }
    }

    @Test func `nothing is not written to`() async throws {
        try await withStore { fixture in
            let ids = try await fixture.store.append(.thing(.created, "a"), .note(.created, "n"))
            try await fixture.redis.send("HSET", "checkpoint:keeper", "events:{thing}_created", "\(ids[0])")
            let before = try await fixture.redis.dump()
            try await fixture.store.recover()
            try await fixture.anotherStore().open()
            #expect(try await fixture.redis.dump() == before)
            #expect(fixture.store.findings == StoreFindings())
        }
    }

    @Test func `nothing because nothing was ever in it is left alone`() async throws {
        try await withStore(isOpen: false) { fixture in
            try await fixture.store.recover()
            #expect(try await fixture.redis.dump().isEmpty)
            #expect(fixture.store.findings == StoreFindings())
        }
    }

    // MARK: Parts that do not fit together

    @Test(arguments: Way.allCases)
    func `a stream's tail sends checkpoints back to its end, and no later event is skipped`(
        way: Way
    ) async throws {
        try await withStore { fixture in
            let kept = try await fixture.store.append(.note(.created, "a"))[0]
            let lost = try await fixture.forgetting(keys: "events:*") {
                try await fixture.store.append(.note(.created, "b"))
            }
            #expect(try await fixture.store.checkpoint(of: "keeper") == [.notes: lost[0]])
            let store = try await way.take(fixture)
            #expect(try await store.checkpoint(of: "keeper") == [.notes: kept])
            let rewind = CheckpointRewind(module: "keeper", stream: .notes, from: lost[0], to: kept)
            #expect(store.findings.rewinds == [rewind])
            #expect(store.findings.revisionsAhead == 1)
            let next = try await store.append(.note(.created, "c"))[0]
            #expect(next > lost[0])
            let waiting = try await store.read([.notes], after: [.notes: kept], count: 9).events.map(\.id)
            #expect(waiting == [next])
        }
    }

    @Test(arguments: Way.allCases)
    func `a whole stream takes the checkpoints in it away`(way: Way) async throws {
        try await withStore { fixture in
            let id = try await fixture.store.append(.note(.created, "a"))[0]
            try await fixture.redis.send("DEL", "events:{note}_created")
            let store = try await way.take(fixture)
            #expect(try await store.checkpoint(of: "keeper") == [:])
            let rewind = CheckpointRewind(module: "keeper", stream: .notes, from: id, to: .zero)
            #expect(store.findings.rewinds == [rewind])
            #expect(try await store.append(.note(.created, "b"))[0] > id)
        }
    }

    @Test func `its clock takes a new one from what the streams and checkpoints tell`() async throws {
        try await withStore { fixture in
            let ahead = try #require(EventID("9000000000-5"))
            try await fixture.redis.foreign("created", "x", at: "\(ahead)", "")
            let store = fixture.anotherStore()
            try await store.open()
            #expect(try await store.append(.note(.created, "a"))[0] > ahead)
            let further = try #require(EventID("9000000001-0"))
            try await fixture.redis.send("HSET", "checkpoint:keeper", "events:{note}_created", "\(further)")
            try await store.recover()
            #expect(try await store.append(.note(.created, "b"))[0] > further)
        }
    }

    enum Way: Sendable, CaseIterable {
        case atTheStart, atAReconnect

        /// - Returns: the store that has looked.
        func take(_ fixture: Fixture) async throws -> Store {
            switch self {
            case .atAReconnect:
                try await fixture.store.recover()
                return fixture.store
            case .atTheStart:
                let store = fixture.anotherStore()
                try await store.open()
                return store
            }
        }
    }
}

extension Fixture {
    /// Runs `body` and has Redis forget it: puts the keys back as they were before.
    func forgetting<T>(keys: String = "*", _ body: () async throws -> T) async throws -> T {
        var before: [String: ByteBuffer] = [:]
        for key in try await redis.strings("KEYS", keys) { before[key] = try await redis.send("DUMP", key).buffer }
        let result = try await body()
        for key in try await redis.strings("KEYS", keys) { try await redis.send("DEL", key) }
        for (key, value) in before {
            var command = RedisCommand("RESTORE", key, "0")
            command.append(value)
            _ = try await redis.send(command)
        }
        return result
    }
}
