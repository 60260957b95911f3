@testable import EventStore
import Redis
import Testing

@Suite struct `The events of an entity` {
    private let topic = TopicDefinition("thing")

    private func texts(_ page: HistoryPage) -> [String] { page.events.map { "\($0.stream.action) \($0.text)" } }

    @Test func `name the one before them, also within one step, and the first names none`() async throws {
        try await withStore { fixture in
            let store = fixture.store
            let ids = try await store.append(
                .thing(.created, "a"), .thing(.created, "b"), .thing(.updated, "a", #""n":1"#),
                .thing(.updated, "a", #""n":2"#))
            _ = try await store.append(.thing(.deleted, "a"))
            let again = try await store.append(.thing(.created, "a"))
            let page = try await store.history(of: topic, "a", count: 10)
            #expect(
                texts(page) == [
                    #"created {"id":"a"}"#, #"deleted {"id":"a"}"#, #"updated {"id":"a","n":2}"#,
                    #"updated {"id":"a","n":1}"#, #"created {"id":"a"}"#,
                ])
            #expect(page.events.first?.id == again[0])
            #expect(page.events.map(\.previous?.description).last == .some(nil))
            #expect(page.events[3].previous?.description == "\(ids[0]).created")
            #expect(page.rest == .nothing)
            // The action stands there only where it is another.
            #expect(page.events[2].metadata.map(\.value) == ["\(ids[2])"])
            #expect(page.events[1].metadata.map(\.value) == ["\(ids[3]) updated"])
            #expect(try await store.history(of: topic, "b", count: 10).events.map(\.id) == [ids[1]])
            #expect(try await store.history(of: topic, "none", count: 10).events.isEmpty)
        }
    }

    @Test func `come a page at a time, and none is passed over or told twice`() async throws {
        try await withStore { fixture in
            let store = fixture.store
            try await store.append(.thing(.created, "a"))
            // More than one script reads at once.
            for _ in 0..<12 {
                let changes = (0..<50).map { _ in NewEvent.thing(.updated, "a") }
                guard case .committed = try await store.transact(Transaction(events: changes)) else { continue }
            }
            var found: [EventID] = []
            var cursor: HistoryCursor?
            for _ in 0..<100 {
                let page = try await store.history(of: topic, "a", from: cursor, count: 7)
                found += page.events.map(\.id)
                guard case .more(let next) = page.rest else { break }
                cursor = HistoryCursor(next.description)
            }
            #expect(found.count == 601 && found == Set(found).sorted(by: >))
            #expect(try await store.history(of: topic, "a", count: 1_000).events.map(\.id) == found)
        }
    }

    @Test func `are found by looking where another program wrote them without a word of the one before`()
        async throws
    {
        try await withStore(isOpen: false) { fixture in
            let redis = fixture.redis
            for (number, action) in ["created", "updated", "updated"].enumerated() {
                for name in ["a", "b"] {
                    let id = "100-\(number * 2 + (name == "a" ? 1 : 2))"
                    try await redis.send(
                        "XADD", "events:{thing}_\(action)", id, "event_id", UUIDText.random(), "entity",
                        NewEvent.entity(name, #""n":\#(number)"#))
                }
            }
            try await fixture.store.open()
            try await fixture.store.append(.thing(.updated, "a", #""n":3"#))
            let page = try await fixture.store.history(of: topic, "a", count: 10)
            #expect(
                texts(page) == [
                    #"updated {"id":"a","n":3}"#, #"updated {"id":"a","n":2}"#, #"updated {"id":"a","n":1}"#,
                    #"created {"id":"a","n":0}"#,
                ])
            #expect(page.rest == .nothing)
            let early = try await fixture.store.history(
                of: topic, "a", upTo: EventID(seconds: 100, microseconds: 4), count: 10)
            #expect(early.events.map(\.id.description) == ["100-3", "100-1"])
        }
    }

    @Test func `end at what was trimmed, and say so`() async throws {
        try await withStore { fixture in
            let store = fixture.store
            let ids = try await store.append(.thing(.created, "a"), .thing(.updated, "a"), .thing(.created, "b"))
            try await store.cut(at: ids[2])
            let gone = try await store.history(of: topic, "b", count: 10)
            #expect(gone.events.isEmpty && gone.rest == .trimmed(upTo: ids[2]))
            let later = try await store.append(.thing(.updated, "a"), .thing(.updated, "a"))
            let page = try await store.history(of: topic, "a", count: 10)
            #expect(page.events.map(\.id) == later.reversed())
            #expect(page.rest == .trimmed(upTo: ids[1]))
        }
    }

    @Test func `give its state at any time that is not trimmed`() async throws {
        try await withStore { fixture in
            let store = fixture.store
            let ids = try await store.append(
                .thing(.created, "a", #""n":0"#), .thing(.updated, "a", #""n":1"#), .thing(.deleted, "a"),
                .thing(.created, "a", #""n":2"#))
            func state(_ at: EventID, _ id: String = "a") async throws -> String {
                switch try await store.state(of: topic, id, at: at) {
                case .existed(let state): state.text
                case .absent: "absent"
                case .trimmed(let end): "trimmed up to \(end)"
                }
            }
            #expect(try await state(ids[0].predecessor) == "absent")
            #expect(try await state(ids[0]) == #"{"id":"a","n":0}"#)
            #expect(try await state(ids[1]) == #"{"id":"a","n":1}"#)
            #expect(try await state(ids[2]) == "absent")
            #expect(try await state(.latest) == #"{"id":"a","n":2}"#)
            #expect(try await state(.latest, "none") == "absent")
            try await store.cut(at: ids[3])
            // The snapshot has it.
            #expect(try await state(.latest) == #"{"id":"a","n":2}"#)
            #expect(try await state(ids[1]) == "trimmed up to \(ids[3])")
        }
    }
}
