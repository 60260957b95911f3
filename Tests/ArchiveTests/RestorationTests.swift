import EventStore
import Foundation
import NIOCore
import Redis
import Synchronization
import TestKit
import Testing

@testable import Archive

@Suite struct `Restoring archives` {
    /// A shop with three archives and nothing in its streams; its events; what was seen of it.
    private func archived(_ shop: Fixture) async throws -> (events: [StoredEvent], view: [String]) {
        for name in ["a", "b", "c"] {
            try await shop.live(name, 300)
            try await shop.update(["a0", "a3"], to: name == "c" ? 4 : 2)
            try await shop.handleAll()
            _ = try await shop.retention().apply(before: .endOfTime)
        }
        return (try await shop.archivedEvents(), try await shop.view())
    }

    private func restore(_ file: String, into shop: Fixture) async throws -> Restoration.Report {
        try await Restoration(store: shop.store, directory: shop.archives).restore(file)
    }

    @Test func `one behind the other gives an empty shop the same events, state, lookups, indexes and cache`()
        async throws
    {
        try await withShop { shop in
            let (events, view) = try await archived(shop)
            let other = try await shop.another("berlin")
            for manifest in try await shop.archives.list() {
                let report = try await restore(manifest.file, into: other)
                #expect(report.events == manifest.events)
            }
            #expect(try await other.events() == events)
            #expect(try await other.view() == view)
            #expect(try await cache(of: other) == cache(of: shop))
            #expect(try await other.redis.send(RedisCommand("EXISTS", "{berlin}:ordershop:adopting")).int == 0)
        }
    }

    private func cache(of shop: Fixture) async throws -> [String: [String]] {
        var cache: [String: [String]] = [:]
        let pattern = shop.prefix.replacing("{", with: "\\{") + "thing_*"
        for key in try await shop.redis.send(RedisCommand("KEYS", pattern)).array?.compactMap(\.string) ?? [] {
            let isSet = key.hasSuffix("_ids")
            let reply = try await shop.redis.send(RedisCommand(isSet ? "SMEMBERS" : "HGETALL", key))
            let words = reply.array?.compactMap(\.string) ?? []
            cache[String(key.dropFirst(shop.prefix.count))] = isSet ? words.sorted() : words
        }
        return cache
    }

    @Test func `leaves nothing for the modules to do again`() async throws {
        try await withShop { shop in
            _ = try await archived(shop)
            let other = try await shop.another("berlin")
            for manifest in try await shop.archives.list() { _ = try await restore(manifest.file, into: other) }
            for (module, streams) in Catalogue.test.handled {
                let positions = try await other.store.checkpoint(of: module)
                let batch = try await other.store.read(streams, after: positions, count: 10)
                #expect(batch.events.isEmpty)
            }
        }
    }

    @Test func `the shop goes on behind them`() async throws {
        try await withShop { shop in
            let (events, _) = try await archived(shop)
            let other = try await shop.another("berlin")
            for manifest in try await shop.archives.list() { _ = try await restore(manifest.file, into: other) }
            try await other.create(["new"])
            try await other.update(["a0"], to: 6)
            #expect(try await other.events().count == events.count + 2)
            let newest = try #require(try await other.events().last)
            #expect(newest.id > events[events.count - 1].id)
            // It can be trimmed by itself.
            try await other.handleAll()
            let view = try await other.view()
            _ = try await other.retention().apply(before: .endOfTime)
            #expect(try await other.view() == view)
        }
    }

    @Test func `is refused out of order, twice, into a shop with events, and into a trimmed one`() async throws {
        try await withShop { shop in
            _ = try await archived(shop)
            let files = try await shop.archives.list().map(\.file)
            let other = try await shop.another("berlin")
            let early = await refusal { _ = try await restore(files[1], into: other) }
            #expect(early?.code == .notRestorable)
            #expect(early?.message.contains("goes behind the archive that ends with") == true)
            #expect(early?.message.hasSuffix("this one is empty") == true)
            _ = try await restore(files[0], into: other)
            let again = await refusal { _ = try await restore(files[0], into: other) }
            #expect(again?.message.contains("goes into an empty shop, and this one has events up to") == true)
            let skipped = await refusal { _ = try await restore(files[2], into: other) }
            #expect(skipped?.code == .notRestorable)
            let full = try await shop.another("full")
            try await full.create(["x"])
            await expectError(.notRestorable) { _ = try await restore(files[0], into: full) }
            let trimmed = await refusal { _ = try await restore(files[0], into: shop) }
            #expect(trimmed?.message.contains("this shop's own streams are trimmed") == true)
        }
    }

    @Test func `that was cut off goes on where it was`() async throws {
        try await withShop { shop in
            let (events, view) = try await archived(shop)
            let files = try await shop.archives.list().map(\.file)
            let other = try await shop.another("berlin")
            // What a crash leaves in the middle: events in the streams of which nobody has taken note.
            let half = Array(events.prefix(431))
            for page in [half[..<200], half[200..<400]] {
                let clock = try await other.store.clock() ?? .zero
                let stands = try await other.store.restore(Array(page), after: clock)
                #expect(stands == nil)
            }
            for event in half[400...] {
                let fields = event.fields.flatMap { [String(buffer: $0.name), String(buffer: $0.value)] }
                _ = try await shop.redis.send(
                    RedisCommand("XADD", arguments: [other.key(event.stream), "\(event.id)"] + fields))
            }
            _ = try await shop.redis.send(
                RedisCommand("SET", "{berlin}:ordershop:clock", "\(try #require(half.last).id)"))
            let report = try await restore(files[0], into: other)
            #expect(report.resumedAt == half.last?.id)
            for file in files.dropFirst() { _ = try await restore(file, into: other) }
            #expect(try await other.events() == events)
            #expect(try await other.view() == view)
        }
    }

    @Test func `that is damaged is refused before anything is written`() async throws {
        try await withShop { shop in
            _ = try await archived(shop)
            let file = try #require(try await shop.archives.list().first).file
            let url = URL(filePath: "\(shop.archives.path)/\(file)")
            var bytes = try Data(contentsOf: url)
            bytes[bytes.count / 2] ^= 4
            try bytes.write(to: url)
            let other = try await shop.another("berlin")
            await expectError(.damaged) { _ = try await restore(file, into: other) }
            let events = try await other.events()
            #expect(events.isEmpty)
        }
    }
}
