import EventStore
import Redis
import Synchronization
import TestKit
import Testing

@testable import Archive

@Suite struct `A retention that is cut off` {
    /// The phase, and which time it comes.
    static let places: [(Retention.Phase, Int)] = [
        (.locked, 1), (.archiving, 1), (.archived, 1), (.page("thing"), 1), (.page("thing"), 4), (.page("note"), 1),
        (.snapshots, 1), (.switched, 1), (.trimming(.things), 1), (.trimming(.changes), 1), (.trimming(.notes), 1),
        (.trimmed, 1),
    ]

    private static func crash(
        at place: (Retention.Phase, Int)
    ) -> @Sendable (Retention.Phase) async throws(StoreError) -> Void {
        let times = Mutex(0)
        return { phase throws(StoreError) in
            guard phase == place.0 else { return }
            let isNow = times.withLock { times in
                times += 1
                return times == place.1
            }
            if isNow { throw StoreError(.outcomeUnknown, "a crash") }
        }
    }

    @Test(arguments: places)
    func `leaves the shop whole, and the next one ends what it began`(place: (Retention.Phase, Int)) async throws {
        try await withShop { shop in
            try await shop.live("old", 300)
            _ = try await shop.retention().apply(before: .endOfTime)
            try await shop.live("new", 300)
            try await shop.update(["old0", "new0"], to: 9)
            try await shop.delete(["old3"])
            try await shop.handleAll()
            let (before, events) = (try await shop.view(), try await shop.events())

            let error = await refusal {
                _ = try await shop.retention(done: Self.crash(at: place)).apply(before: .endOfTime)
            }
            #expect(error?.cause?.code == .outcomeUnknown, "the crash came")
            #expect(try await shop.view() == before)
            try await shop.create(["later"], topic: "note")
            try await shop.handleAll()
            let after = try await shop.view()

            _ = try await shop.retention().apply(before: try #require(events.last).id)
            #expect(try await shop.view() == after)
            #expect(try await shop.events().count == 1)
            let archive = try #require(try await shop.archives.list().last)
            #expect(try await shop.events(in: archive.file) == events)
            #expect(try await shop.store.retention()?.unfinished == [])
            #expect(try await shop.redis.send(RedisCommand("KEYS", "*:next")).array == [])
        }
    }

    @Test func `may be followed by one that trims less`() async throws {
        try await withShop { shop in
            for name in ["a", "b"] { try await shop.live(name) }
            let (before, events) = (try await shop.view(), try await shop.events())
            _ = await refusal {
                _ = try await shop.retention(done: Self.crash(at: (.snapshots, 1))).apply(before: .endOfTime)
            }
            let cut = events[events.count / 3].id
            _ = try await shop.retention().apply(before: cut)
            #expect(try await shop.view() == before)
            #expect(try await shop.events() == events.filter { $0.id > cut })
        }
    }

    @Test func `is gone on with although nothing more is to be trimmed`() async throws {
        try await withShop { shop in
            try await shop.live("a")
            _ = await refusal {
                _ = try await shop.retention(done: Self.crash(at: (.switched, 1))).apply(before: .endOfTime)
            }
            let left = try await shop.events().count
            let report = try await shop.retention().apply(before: .endOfTime)
            #expect(report.resumed == left && report.cut == nil)
            let events = try await shop.events()
            #expect(events.isEmpty)
        }
    }
}
