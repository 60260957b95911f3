import EventStore
import JSON
import TestKit
import Testing

@Suite struct `Recalling` {
    private func thing(_ id: String, code: String, before: [UInt8]? = nil) -> NewEvent {
        let json = Array(#"{"id":"\#(id)","code":"\#(code)"}"#.utf8)
        return NewEvent(
            before == nil ? .things : .changes, entityID: id, entity: json, before: before)
    }

    private func text(_ states: [EntityState?]) -> [String?] {
        states.map { $0.map { String(decoding: $0.bytes, as: UTF8.self) } }
    }

    @Test func `knows what was loaded, and what was written of it since`() async throws {
        try await withStore { shop in
            let birth = thing("1", code: "a")
            _ = try await shop.store.transact(Transaction(events: [birth]))
            #expect(text(shop.store.recall([.id("thing", "1")])) == [nil])
            _ = try await shop.store.loadForDeciding([.unique(.code, "a")])
            #expect(text(shop.store.recall([.id("thing", "1")])) == [#"{"id":"1","code":"a"}"#])
            #expect(text(shop.store.recall([.unique(.code, "a")])) == [#"{"id":"1","code":"a"}"#])

            let change = thing("1", code: "b", before: birth.entity)
            let outcome = try await shop.store.transact(Transaction(events: [change]))
            guard case .committed(let ids) = outcome else { throw Unexpected(outcome) }
            let known = shop.store.recall([.id("thing", "1"), .unique(.code, "a"), .unique(.code, "b")])
            #expect(text(known) == [#"{"id":"1","code":"b"}"#, nil, nil])
            #expect(known[0]?.revision == ids[0])
        }
    }

    @Test func `forgets what a step was refused for, and what was deleted`() async throws {
        try await withStore { shop in
            let birth = thing("1", code: "a")
            _ = try await shop.store.transact(Transaction(events: [birth]))
            let state = try #require(try await shop.store.loadForDeciding([.id("thing", "1")])[0])
            let other = shop.anotherStore()
            let change = thing("1", code: "b", before: birth.entity)
            _ = try await other.transact(Transaction(events: [change]))
            let outdated = Transaction(
                expectations: [.revision("thing", id: "1", state.revision)],
                events: [thing("1", code: "c", before: birth.entity)])
            guard case .conflict = try await shop.store.transact(outdated) else { throw Unexpected("no conflict") }
            #expect(text(shop.store.recall([.id("thing", "1")])) == [nil])

            _ = try await shop.store.loadForDeciding([.id("thing", "1")])
            let end = NewEvent(.ends, entityID: "1", entity: change.entity, before: change.entity)
            _ = try await shop.store.transact(Transaction(events: [end]))
            #expect(text(shop.store.recall([.id("thing", "1")])) == [nil])
        }
    }

    @Test func `keeps to its bounds, and what is asked for again`() async throws {
        try await withStore { shop in
            let events = (0..<6_000).map { thing("\($0)", code: "code \($0)") }
            for start in stride(from: 0, to: events.count, by: 500) {
                _ = try await shop.store.transact(Transaction(events: Array(events[start..<start + 500])))
                _ = try await shop.store.loadForDeciding((start..<start + 500).map { .id("thing", "\($0)") })
                _ = shop.store.recall([.id("thing", "0")])
            }
            let known = shop.store.recall(events.map { .id("thing", $0.entityID) })
            #expect(known[0] != nil)
            #expect(known[1] == nil)
            #expect(known[5_999] != nil)
            #expect((1..<4_096 + 1).contains(known.count { $0 != nil }))
        }
    }
}

private struct Unexpected: Error {
    let what: String
    init(_ what: some Any) { self.what = "\(what)" }
}
