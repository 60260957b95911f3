import EventStore
import NIOCore
import Redis
import Synchronization
import TestKit
import Testing

@testable import Archive

@Suite struct `Trimming the streams of a shop` {
    @Test func `leaves state, lists, lookups and indexes as they were`() async throws {
        try await withShop { shop in
            try await shop.live("a")
            let (before, events) = (try await shop.view(), try await shop.events())
            let report = try await shop.retention().apply(before: .endOfTime)
            #expect(report.events == events.count && report.cut == events.last?.id)
            #expect(try await shop.view() == before)
            let left = try await shop.events()
            #expect(left.isEmpty)
            #expect(try await shop.archivedEvents() == events)
        }
    }

    @Test func `trims up to an event, and lists go on across the border`() async throws {
        try await withShop { shop in
            for name in ["a", "b", "c"] { try await shop.live(name) }
            let (before, events) = (try await shop.view(), try await shop.events())
            let cut = events[events.count / 2].id
            _ = try await shop.retention().apply(before: cut)
            #expect(try await shop.view() == before)
            #expect(try await shop.events() == events.filter { $0.id > cut })
            #expect(try await shop.archivedEvents() == events.filter { $0.id <= cut })
            #expect(try await shop.store.retentionCut() == cut)
        }
    }

    @Test(arguments: [1, 2, 3, 19, 20, 21, 40, 500])
    func `lists go on across the border in pages of any size`(count: Int) async throws {
        try await withShop { shop in
            for name in ["a", "b"] { try await shop.live(name, 30) }
            let things = TopicDefinition("thing")
            let (before, events) = (try await shop.list(things, 500), try await shop.events())
            for place in [events.count / 3, events.count / 2, events.count - 1] {
                _ = try await shop.retention().apply(before: events[place].id)
                #expect(try await shop.list(things, count) == before)
            }
        }
    }

    @Test func `goes on from the one before, with changes and deletions in between`() async throws {
        try await withShop { shop in
            try await shop.live("a")
            var events = try await shop.events()
            for round in 1...4 {
                _ = try await shop.retention().apply(before: .endOfTime)
                try await shop.update(["a0", "a\(round * 3)"], to: round)
                if round == 2 { try await shop.delete(["a9", "b3"]) }
                try await shop.live("b\(round)", 9)
                if round == 1 { try await shop.create(["b3"]) }
                try await shop.handleAll()
                events += try await shop.events()
                let before = try await shop.view()
                _ = try await shop.retention().apply(before: .endOfTime)
                #expect(try await shop.view() == before)
            }
            #expect(try await shop.archivedEvents() == events)
            let archives = try await shop.archives.list()
            #expect(archives.map(\.after) == [.zero] + archives.dropLast().map(\.last))
        }
    }

    @Test func `has nothing to do a second time`() async throws {
        try await withShop { shop in
            try await shop.live("a", 6)
            _ = try await shop.retention().apply(before: .endOfTime)
            let again = try await shop.retention().apply(before: .endOfTime)
            #expect(again.cut == nil && again.archive == nil)
            #expect(try await shop.archives.list().count == 1)
        }
    }

    @Test func `lists are the same at every moment of it, also while others write`() async throws {
        try await withShop { shop in
            try await shop.live("a", 900)
            let things = TopicDefinition("thing")
            let before = try await shop.list(things, 500)
            let last = try #require(try await shop.events().last)
            let looks = Mutex(0)
            let retention = shop.retention { phase throws(StoreError) in
                let isSame = (try? await shop.list(things, 130) == before) ?? false
                looks.withLock { $0 += 1 }
                try? await shop.create(["n\(looks.withLock(\.self))"], topic: "note")
                if !isSame { throw StoreError(.unexpectedReply, "another list at \(phase)") }
            }
            _ = try await retention.apply(before: last.id)
            #expect(looks.withLock(\.self) > 15)
        }
    }

    @Test func `a list that was begun before it goes on behind it`() async throws {
        try await withShop { shop in
            try await shop.live("a", 90)
            let things = TopicDefinition("thing")
            let all = try await shop.list(things, 500)
            let first = try await shop.store.list(things, count: 40)
            _ = try await shop.retention().apply(before: .endOfTime)
            let second = try await shop.store.list(things, after: try #require(first.next), count: 500)
            #expect((first.entities + second.entities).map { "\($0.revision)" }.count == all.count)
            #expect(second.next == nil)
        }
    }

    @Test func `is refused while a module has not handled all of it, and says which`() async throws {
        try await withShop { shop in
            try await shop.live("a", 6)
            try await shop.create(["late"], topic: "note")
            let before = try await shop.events()
            _ = try await shop.redis.send(
                RedisCommand("HSET", "checkpoint:watcher", "events:{note}_created", "\(before.last?.id ?? .zero)"))
            let error = await refusal { _ = try await shop.retention().apply(before: .endOfTime) }
            guard case .held(let holders)? = error?.code else {
                Issue.record("not held: \(String(describing: error))")
                return
            }
            #expect(holders.map(\.module) == ["clerk"] && holders.map(\.count) == [1])
            #expect(error?.message.contains("clerk has handled events:{note}_created up to") == true)
            #expect(try await shop.events() == before)
            #expect(try await shop.archives.list().isEmpty)
            // Up to there, nobody minds.
            _ = try await shop.retention().apply(before: before[before.count - 2].id)
            #expect(try await shop.events() == [before[before.count - 1]])
        }
    }

    @Test func `is refused where a module has parked an event, or never began`() async throws {
        try await withShop { shop in
            try await shop.live("a", 6)
            let parked = try await shop.events()[3].id
            let score = "\(parked.seconds * 1_000_000 + parked.microseconds)"
            _ = try await shop.redis.send(RedisCommand("ZADD", "ordershop:parked:watcher", score, "\(parked)"))
            _ = try await shop.redis.send(RedisCommand("DEL", "checkpoint:clerk"))
            let error = await refusal { _ = try await shop.retention().apply(before: .endOfTime) }
            let message = error?.message ?? ""
            #expect(message.contains("clerk has not begun with events:{note}_created, 3 to go"))
            #expect(message.contains("watcher has parked 1, the first of them \(parked)"))
            let preview = try await shop.retention().preview(before: .endOfTime)
            #expect(Set(preview.holders.map(\.module)) == ["clerk", "watcher"])
            #expect(preview.events == (try await shop.events().count))
        }
    }

    @Test func `a module that falls back while it goes on holds it back`() async throws {
        try await withShop { shop in
            try await shop.live("a", 6)
            let before = try await shop.events()
            let retention = shop.retention { phase in
                if phase == .snapshots { _ = try? await shop.redis.send(RedisCommand("DEL", "checkpoint:clerk")) }
            }
            let error = await refusal { _ = try await retention.apply(before: .endOfTime) }
            #expect(error?.message.contains("clerk has not begun") == true)
            #expect(try await shop.events() == before)
        }
    }

    @Test func `what another program writes up to the cut meanwhile is not lost`() async throws {
        try await withShop { shop in
            try await shop.live("a", 6)
            try await shop.create(["last"], topic: "note")
            try await shop.handleAll()
            let before = try await shop.events()
            let id = "\(try #require(before.last).id)"
            let stray = EventID(id).map { "\($0.seconds)-\($0.microseconds - 1)" } ?? ""
            let retention = shop.retention { phase in
                guard phase == .archived else { return }
                _ = try? await shop.redis.pipeline([
                    RedisCommand("XADD", "events:{thing}_deleted", stray, "event_id", "x", "entity", "{}"),
                    RedisCommand("HSET", "checkpoint:watcher", "events:{thing}_deleted", stray),
                ])
            }
            await expectError(.changed) { _ = try await retention.apply(before: .endOfTime) }
            _ = try await shop.retention().apply(before: .endOfTime)
            let newest = try await shop.archives.list().last
            let archived = try await shop.events(in: try #require(newest).file)
            #expect(archived.count == before.count + 1)
        }
    }

    @Test func `only one goes on at a time`() async throws {
        try await withShop { shop in
            try await shop.live("a", 6)
            let codes = Mutex<[ArchiveError.Code?]>([])
            let retention = shop.retention { phase in
                guard phase == .archived else { return }
                let code = await archiveErrorCode { _ = try await shop.retention().apply(before: .endOfTime) }
                codes.withLock { $0.append(code) }
            }
            _ = try await retention.apply(before: .endOfTime)
            #expect(codes.withLock(\.self) == [.busy])
        }
    }

    @Test func `one that lost its lock changes nothing more`() async throws {
        try await withShop { shop in
            try await shop.live("a", 6)
            let before = try await shop.events()
            let retention = shop.retention { phase in
                guard phase == .snapshots else { return }
                _ = try? await shop.redis.send(RedisCommand("SET", "ordershop:retention:lock", "another"))
            }
            await expectError(.store) { _ = try await retention.apply(before: .endOfTime) }
            #expect(try await shop.events() == before)
        }
    }

    @Test func `ids still increase when every event is gone, even if the clock is lost`() async throws {
        try await withShop { shop in
            try await shop.live("a", 6)
            // As if the machine's clock had been an hour ahead.
            let ahead = EventID(seconds: 4_000_000_000, microseconds: 5)
            _ = try await shop.redis.send(RedisCommand("SET", "ordershop:clock", "\(ahead)"))
            try await shop.create(["ahead"])
            try await shop.handleAll()
            _ = try await shop.retention().apply(before: .endOfTime)
            try await shop.create(["next"])
            let next = try #require(try await shop.events().last).id
            #expect(next > ahead)
            try await shop.handleAll()
            _ = try await shop.retention().apply(before: .endOfTime)
            _ = try await shop.redis.send(RedisCommand("DEL", "ordershop:clock"))
            try await shop.create(["after"])
            #expect(try #require(try await shop.events().last).id > next)
        }
    }

    @Test func `state comes back from the snapshots where everything that follows from events is lost`()
        async throws
    {
        try await withShop { shop in
            try await shop.live("a")
            _ = try await shop.retention().apply(before: .endOfTime)
            try await shop.update(["a0"], to: 3)
            try await shop.delete(["a3"])
            try await shop.create(["z"])
            let before = try await shop.view()
            for pattern in ["ordershop:revisions:*", "ordershop:unique:*", "ordershop:index:*", "ordershop:clock"] {
                for key in try await shop.redis.send(RedisCommand("KEYS", pattern)).array?.compactMap(\.string)
                    ?? []
                {
                    _ = try await shop.redis.send(RedisCommand("DEL", key))
                }
            }
            try await shop.store.open()
            // The order within an index came from events that are gone; all else is as it was.
            let after = try await shop.view()
            #expect(after.filter { !$0.hasPrefix("tag") } == before.filter { !$0.hasPrefix("tag") })
            try await shop.handleAll()
            _ = try await shop.retention().apply(before: .endOfTime)
            #expect(try await shop.view() == after)
        }
    }

    @Test func `an entity whose creation nobody has can still be looked up`() async throws {
        try await withShop { shop in
            try await shop.append([.of("thing", .updated, "odd", 5, before: nil)])
            try await shop.append([.of("thing", .deleted, "gone", 5, before: 4)])
            try await shop.live("a", 6)
            for _ in 1...2 {
                let before = try await shop.view()
                _ = try await shop.retention().apply(before: .endOfTime)
                #expect(try await shop.view() == before)
                let text = try await shop.store.load([.id("thing", "odd")])[0].map { String(buffer: $0.entity) }
                #expect(text?.contains(#""n": 5"#) == true)
                try await shop.create(["n"], topic: "note")
                try await shop.handleAll()
            }
        }
    }

    @Test func `no step is larger than it may be`() async throws {
        try await withShop { shop in
            try await shop.create(["a"])
            let updates = (1...500).map { NewEvent.of("thing", .updated, "a", $0, before: $0 - 1) }
            for _ in 1...50 { try await shop.append(updates) }
            try await shop.handleAll()
            let left = Mutex<[Int]>([])
            let retention = shop.retention { phase in
                guard phase == .trimming(.changes) else { return }
                let length = try? await shop.redis.send(RedisCommand("XLEN", "events:{thing}_updated")).int
                left.withLock { $0.append(Int(length ?? 0)) }
            }
            _ = try await retention.apply(before: .endOfTime)
            let lengths = [25_000] + left.withLock(\.self)
            #expect(lengths.last == 0 && lengths.count >= 4)
            #expect(zip(lengths, lengths.dropFirst()).allSatisfy { $0 - $1 <= 10_000 })
        }
    }
}

/// The error of a body that must throw one of ours.
func refusal(_ body: () async throws -> Void) async -> ArchiveError? {
    do {
        try await body()
        Issue.record("it was not refused")
        return nil
    } catch {
        return error as? ArchiveError
    }
}
