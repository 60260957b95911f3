import EventStore
import JSON
import TestKit
import Testing

@Suite struct `A list of entities` {
    private static let things = TopicDefinition("thing")

    @Test(arguments: [1, 2, 3, 5, 9, 10, 11, 29, 30, 31, 500])
    func `has each that there is as it is now, in the order of creation, in pages of any size`(
        count: Int
    ) async throws {
        try await withStore { fixture in
            var expected: [String] = []
            for number in 0..<30 {
                try await fixture.store.append(.thing(.created, "e\(number)", "\"n\":0"))
            }
            for number in (0..<30).reversed() {
                let id = "e\(number)"
                switch number % 3 {
                case 0: try await fixture.store.append(.thing(.deleted, id, "\"n\":0", before: "\"n\":0"))
                case 1: try await fixture.store.append(.thing(.updated, id, "\"n\":1", before: "\"n\":0"))
                default: break
                }
            }
            for number in 0..<30 where number % 3 != 0 {
                expected.append(NewEvent.entity("e\(number)", "\"n\":\(number % 3 == 1 ? 1 : 0)"))
            }
            #expect(try await texts(of: fixture.store, count: count) == expected)
        }
    }

    private func texts(of store: Store, count: Int) async throws -> [String] {
        var texts: [String] = []
        var position: EventID? = .zero
        while let start = position {
            let page = try await store.list(Self.things, after: start, count: count)
            texts += page.entities.map(\.text)
            position = page.next
        }
        return texts
    }

    @Test func `of none is empty`() async throws {
        try await withStore { fixture in
            let page = try await fixture.store.list(Self.things)
            #expect(page.entities.isEmpty && page.next == nil)
        }
    }

    @Test func `has an entity once that another program created twice`() async throws {
        try await withStore(isOpen: false) { fixture in
            try await fixture.redis.foreign("created", "a", at: "1000-1", "\"n\":0")
            try await fixture.redis.foreign("created", "b", at: "1000-2", "\"n\":0")
            try await fixture.redis.foreign("created", "a", at: "1000-3", "\"n\":1")
            try await fixture.store.open()
            let texts = try await texts(of: fixture.store, count: 10)
            // A list goes along the stream of creations and does not remember whom it has seen.
            withKnownIssue { #expect(texts.count == 2) }
            #expect(Set(texts) == [NewEvent.entity("a", "\"n\":1"), NewEvent.entity("b", "\"n\":0")])
        }
    }
}

@Suite struct `Loading entities` {
    @Test func `gives one state for each reference, in order, as of the last event`() async throws {
        try await withStore { fixture in
            let ids = try await fixture.store.append(
                .thing(.created, "a", #""code":"red""#), .thing(.created, "b"),
                .thing(.updated, "b", "\"n\":1", before: ""),
                .note(.created, "a"), .thing(.deleted, "gone", "\"n\":2", before: ""))
            let states = try await fixture.store.load([
                .id("thing", "b"), .id("thing", "none"), .id("thing", "a"), .id("note", "a"), .id("thing", "gone"),
                .unique(.code, "red"), .unique(.code, "blue"), .id("thing", "b"),
            ])
            #expect(
                states.map { $0?.revision } == [ids[2], nil, ids[0], ids[3], ids[4], ids[0], nil, ids[2]])
            #expect(states.map { $0?.exists } == [true, nil, true, true, false, true, nil, true])
            #expect(states[4]?.text == NewEvent.entity("gone", "\"n\":2"))
            #expect(states[0]?.decoded()?["n"] == 1)
        }
    }

    @Test func `of none asks nobody`() async throws {
        try await withStore { fixture in
            fixture.server.kill()
            let states = try await fixture.store.load([])
            #expect(states.isEmpty)
        }
    }
}
