@testable import EventStore
import JSON
import NIOCore
import Redis
import TestKit
import Testing

@Suite struct `Events of an earlier form` {
    private let topic = TopicDefinition("thing")
    /// Two steps: a default for what was not there, then another name.
    private let evolved = TopicDefinition(
        "thing",
        upcasters: [
            { thing in
                var thing = thing
                if thing["tags"] == nil { thing["tags"] = ["old"] }
                return thing
            },
            { thing in
                var thing = thing
                thing["count"] = thing["n"]
                thing["n"] = nil
                return thing
            },
        ])

    /// The same shop, as the next version of the program has it.
    private func later(_ fixture: Fixture) async throws -> Store {
        let catalogue = Catalogue(
            topics: [evolved, TopicDefinition("note")],
            projections: [.index(of: "thing", by: "tags"), .unique(.code)])
        let store = Store(redis: fixture.redis, shop: "", catalogue: catalogue, logger: .silent)
        try await store.open()
        return store
    }

    @Test func `are read in the form of today, wherever they are read`() async throws {
        try await withStore { fixture in
            let ids = try await fixture.store.append(
                .thing(.created, "a", #""n":1"#), .thing(.created, "b", #""n":2,"tags":["x"]"#),
                .thing(.updated, "a", #""n":3"#))
            let store = try await later(fixture)
            let a = #"{"id":"a","tags":["old"],"count":3}"#
            let b = #"{"id":"b","tags":["x"],"count":2}"#
            #expect(try await store.state("a")?.text == a)
            #expect(try await store.list(topic).entities.map(\.text) == [a, b])
            #expect(try await store.read([.changes], after: [:], count: 9).events.map(\.text) == [a])
            #expect(try await store.event(ids[1], in: .things)?.text == b)
            #expect(try await store.last(of: [.things], count: 1).map(\.text) == [b])
            #expect(
                try await store.history(of: topic, "a", count: 9).events.map(\.text)
                    == [a, #"{"id":"a","tags":["old"],"count":1}"#])
        }
    }

    @Test func `stay as they were written, and new ones say their form`() async throws {
        try await withStore { fixture in
            try await fixture.store.append(.thing(.created, "a", #""n":1"#))
            let store = try await later(fixture)
            try await store.append(.thing(.updated, "a", #""tags":[],"count":2"#))
            let redis = fixture.redis
            let old = try await redis.send("XRANGE", "events:{thing}_created", "-", "+").array?[0].array?[1].array
            #expect(old?.compactMap(\.string)[3] == #"{"id":"a","n":1}"#)
            let new = try await redis.send("XRANGE", "events:{thing}_updated", "-", "+").array?[0].array?[1].array
            #expect(new?.compactMap(\.string)[4...5] == ["schema", "3"])
            #expect(try await store.state("a")?.text == #"{"id":"a","tags":[],"count":2}"#)
            #expect(try await store.state("a")?.isNewer == false)
        }
    }

    @Test func `keep their form in snapshots, also where nobody has their first event`() async throws {
        try await withStore { fixture in
            let ids = try await fixture.store.append(
                .thing(.created, "a", #""n":1"#), .thing(.updated, "unborn", #""n":2"#))
            try await fixture.store.cut(at: ids[1])
            let store = try await later(fixture)
            let a = #"{"id":"a","tags":["old"],"count":1}"#
            #expect(try await store.state("a")?.text == a)
            #expect(try await store.list(topic).entities.map(\.text) == [a])
            #expect(try await store.state("unborn")?.text == #"{"id":"unborn","tags":["old"],"count":2}"#)
            // In a snapshot that has both forms.
            let more = try await store.append(
                .thing(.created, "b", #""tags":[],"count":5"#), .thing(.updated, "other", #""tags":[],"count":6"#))
            try await store.cut(at: more[1])
            #expect(try await store.state("a")?.text == a)
            #expect(try await store.state("b")?.text == #"{"id":"b","tags":[],"count":5}"#)
            #expect(try await store.state("unborn")?.text == #"{"id":"unborn","tags":["old"],"count":2}"#)
            #expect(try await store.state("other")?.text == #"{"id":"other","tags":[],"count":6}"#)
            // And where revisions are lost, all begins with the snapshots.
            try await fixture.redis.send("DEL", "ordershop:revisions:thing", "ordershop:clock")
            let again = try await later(fixture)
            #expect(try await again.state("a")?.text == a)
            #expect(try await again.state("other")?.text == #"{"id":"other","tags":[],"count":6}"#)
        }
    }

    @Test func `give caches and indexes of the form of today, when these are rebuilt and when it changes`()
        async throws
    {
        try await withStore { fixture in
            try await fixture.store.append(.thing(.created, "a", #""n":1"#), .thing(.created, "b", #""n":2"#))
            let store = try await later(fixture)
            #expect(try await store.differences().isEmpty == false)
            _ = try await store.differences(isMending: true)
            #expect(try await store.differences().isEmpty)
            #expect(try await store.ids(in: "thing.tags", value: "old", count: 9) == ["a", "b"])
            #expect(try await fixture.redis.send("HGET", "thing_entity:a", "count").string == "1")
            #expect(try await fixture.redis.send("HEXISTS", "thing_entity:a", "n").int == 0)
            // A change knows what was there.
            let before = try #require(await store.state("a"))
            try await store.append(
                NewEvent(
                    .changes, entityID: "a", entity: Array(#"{"id":"a","tags":["new"],"count":1}"#.utf8),
                    before: before.bytes))
            #expect(try await store.ids(in: "thing.tags", value: "old", count: 9) == ["b"])
            #expect(try await store.differences().isEmpty)
        }
    }

    @Test func `that is newer than the program are passed on as they stand, and marked`() async throws {
        try await withStore { fixture in
            let store = try await later(fixture)
            let text = #"{"id":"a","tags":[],"count":2}"#
            try await store.append(.thing(.created, "a", #""tags":[],"count":2"#))
            let old = fixture.anotherStore()
            #expect(try await old.state("a")?.isNewer == true)
            #expect(try await old.state("a")?.text == text)
            #expect(try await old.read([.things], after: [:], count: 9).events.map(\.isNewer) == [true])
            #expect(try await old.list(topic).entities.map(\.isNewer) == [true])
        }
    }
}
