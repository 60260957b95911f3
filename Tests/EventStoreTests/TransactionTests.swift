import EventStore
import Redis
import Testing

@Suite struct `A transaction` {
    @Test func `appends several events to several streams at once, as the contract has them`() async throws {
        try await withStore { fixture in
            let event = NewEvent(
                .things, entityID: "a", entity: Array(#"{"id":"a","n":1}"#.utf8), before: nil,
                metadata: [("cause", "1-2")])
            let ids = try await fixture.store.append(event, .note(.created, "b"), .thing(.updated, "a"))
            #expect(ids.count == 3 && ids == ids.sorted())
            let entry = try await fixture.redis.send("XRANGE", "events:{thing}_created", "-", "+").array?.first
            #expect(entry?.array?.first?.string == ids[0].description)
            let fields = entry?.array?.last?.array?.compactMap(\.string)
            #expect(fields == ["event_id", event.eventID, "entity", #"{"id":"a","n":1}"#, "cause", "1-2"])
            #expect(UUIDText.isValid(event.eventID))
        }
    }

    @Test func `keeps an entity byte for byte`() async throws {
        try await withStore { fixture in
            let text = #"{"id":"a","text":"Zoë 👩‍🚀 \u0000 \"\\","price":12.50,"list":[1,{"b":null}]}"#
            try await fixture.store.append(
                NewEvent(.things, entityID: "a", entity: Array(text.utf8), before: nil))
            #expect(try await fixture.store.state("a")?.text == text)
            let batch = try await fixture.store.read([.things], after: [:], count: 1)
            #expect(batch.events.map(\.text) == [text])
        }
    }

    @Test func `that cannot be written does not take others with it`() async throws {
        try await withStore { fixture in
            try await fixture.redis.send("SET", "events:{note}_updated", "no stream")
            let store = fixture.store
            let codes = await withTaskGroup(of: StoreError.Code?.self) { group in
                for number in 0..<60 {
                    let event: NewEvent =
                        number.isMultiple(of: 3) ? .note(.updated, "\(number)") : .thing(.created, "\(number)")
                    group.addTask {
                        await storeErrorCode { _ = try await store.transact(Transaction(events: [event])) }
                    }
                }
                return await group.reduce(into: [StoreError.Code?: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(codes == [nil: 40, .foreignKey: 20])
            #expect(try await fixture.redis.send("XLEN", "events:{thing}_created").int == 40)
            let next = try await fixture.store.append(.note(.created, "next"))[0]
            let things = try await fixture.store.read([.things], after: [:], count: 100).events
            #expect(things.count == 40 && things.allSatisfy { $0.id < next })
        }
    }

    @Test func `that races another for one entity wins alone`() async throws {
        try await withStore { fixture in
            let stores = [fixture.store, fixture.anotherStore(), fixture.anotherStore()]
            var revision = try await fixture.store.append(.thing(.created, "a"))[0]
            for _ in 0..<50 {
                let won = try await withThrowingTaskGroup(of: EventID?.self) { [revision] group in
                    for store in stores { group.addTask { try await update(expecting: revision, in: store) } }
                    return try await group.reduce(into: [EventID]()) { if let id = $1 { $0.append(id) } }
                }
                #expect(won.count == 1)
                revision = try #require(won.first)
            }
            #expect(try await fixture.store.state("a")?.revision == revision)
        }
    }

    private func update(expecting revision: EventID, in store: Store) async throws -> EventID? {
        let transaction = Transaction(
            expectations: [.revision("thing", id: "a", revision)], events: [.thing(.updated, "a", before: "")])
        switch try await store.transact(transaction) {
        case .committed(let ids): return ids.first
        case .conflict(let conflict):
            guard case .revision("thing", id: "a", .some) = conflict else {
                throw TestFailure(description: "\(conflict)")
            }
            return nil
        }
    }
}

@Suite struct `An expectation` {
    /// The database that each expectation meets: `a` at a revision, `gone` deleted, the code `red` taken by `a`.
    private func expect(
        _ expectation: (_ revision: EventID) -> EventStore.Expectation,
        isRefusedWith conflict: (EventID) -> TransactionOutcome
    ) async throws {
        try await withStore { fixture in
            let ids = try await fixture.store.append(
                .thing(.created, "a", #""code":"red","tags":["x"]"#), .thing(.created, "gone"),
                .thing(.deleted, "gone", before: ""))
            let before = try await fixture.redis.dump()
            let outcome = try await fixture.store.transact(
                Transaction(
                    expectations: [.revision("thing", id: "none", nil), expectation(ids[0])],
                    events: [.thing(.created, "b", #""tags":["x"]"#), .note(.created, "c")]))
            #expect(outcome == conflict(ids[0]))
            #expect(try await fixture.redis.dump() == before)
        }
    }

    @Test func `of an older revision writes nothing at all`() async throws {
        try await expect { _ in
            .revision("thing", id: "a", EventID("1-1"))
        } isRefusedWith: { revision in
            .conflict(.revision("thing", id: "a", actual: revision))
        }
    }

    @Test func `of no entity where there is one writes nothing at all`() async throws {
        try await expect { _ in
            .revision("thing", id: "a", nil)
        } isRefusedWith: { revision in
            .conflict(.revision("thing", id: "a", actual: revision))
        }
    }

    @Test func `of an entity that was deleted writes nothing at all`() async throws {
        try await expect { revision in
            .revision("thing", id: "gone", revision)
        } isRefusedWith: { _ in
            .conflict(.revision("thing", id: "gone", actual: nil))
        }
    }

    @Test func `of an entity of another topic writes nothing at all`() async throws {
        try await expect { revision in
            .revision("note", id: "a", revision)
        } isRefusedWith: { _ in
            .conflict(.revision("note", id: "a", actual: nil))
        }
    }

    @Test func `of a value that nobody has, but somebody has, writes nothing at all`() async throws {
        try await expect { _ in
            .vacant(.code, value: "red")
        } isRefusedWith: { _ in
            .conflict(.taken(.code, value: "red", by: "a"))
        }
    }

    @Test func `that holds lets everything through`() async throws {
        try await withStore { fixture in
            let ids = try await fixture.store.append(
                .thing(.created, "a"), .thing(.created, "gone"), .thing(.deleted, "gone", before: ""))
            let outcome = try await fixture.store.transact(
                Transaction(
                    expectations: [
                        .revision("thing", id: "a", ids[0]), .revision("thing", id: "gone", nil),
                        .revision("thing", id: "none", nil), .vacant(.code, value: "red"),
                    ],
                    events: [.thing(.updated, "a", #""code":"red""#, before: "")]))
            guard case .committed(let new) = outcome else { throw TestFailure(description: "\(outcome)") }
            #expect(try await fixture.store.state("a")?.revision == new[0])
        }
    }
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String
}
