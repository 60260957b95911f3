import EventStore
import JSON
import Redis
import TestKit
import Testing

@Suite struct `An index` {
    @Test func `has the entities with a value in the order in which they came into it`() async throws {
        try await withStore { fixture in
            let store = fixture.store
            try await store.append(
                .thing(.created, "b", #""tags":["x","y"]"#), .thing(.created, "a", #""tags":["y","y"]"#),
                .thing(.created, "c", #""tags":"y""#), .thing(.created, "d"))
            #expect(try await store.ids(in: "thing.tags", value: "x", count: 10) == ["b"])
            #expect(try await store.ids(in: "thing.tags", value: "y", count: 10) == ["b", "a", "c"])
            let first = try await store.page(of: "thing.tags", value: "y", count: 1)
            let second = try await store.page(of: "thing.tags", value: "y", after: first.next ?? 0, count: 1)
            #expect(second.ids == ["a"])
            #expect(try await store.ids(in: "thing.tags", value: "z", count: 10) == [])
        }
    }

    @Test func `follows changes and deletions`() async throws {
        try await withStore { fixture in
            let store = fixture.store
            let old = #""tags":["x","y"]"#
            try await store.append(.thing(.created, "a", old), .thing(.created, "b", old))
            try await store.append(.thing(.updated, "a", #""tags":["y","z"]"#, before: old))
            #expect(try await store.ids(in: "thing.tags", value: "x", count: 10) == ["b"])
            #expect(try await store.ids(in: "thing.tags", value: "y", count: 10) == ["a", "b"])
            #expect(try await store.ids(in: "thing.tags", value: "z", count: 10) == ["a"])
            try await store.append(.thing(.deleted, "b", old, before: old))
            #expect(try await store.ids(in: "thing.tags", value: "y", count: 10) == ["a"])
        }
    }

    @Test func `keeps an entity's place when it is put in again`() async throws {
        try await withStore { fixture in
            let catalogue = Catalogue(
                topics: [TopicDefinition("thing")],
                projections: [
                    Projection(of: "thing") { [.add(index: "seen", id: $0.after?["who"]?.string ?? "")] }
                ],
                inlineOwners: [:])
            let store = Store(redis: fixture.redis, shop: "", catalogue: catalogue, logger: .silent)
            for (id, who) in [("1", "ann"), ("2", "bob"), ("3", "ann")] {
                try await store.append(.thing(.created, id, #""who":"\#(who)""#))
            }
            #expect(try await store.ids(in: "seen", count: 10) == ["ann", "bob"])
        }
    }
}

@Suite struct `A unique index` {
    @Test func `finds the one entity that has a value`() async throws {
        try await withStore { fixture in
            let old = #""code":"red""#
            let new = #""code":"blue""#
            try await fixture.store.append(.thing(.created, "a", old))
            #expect(try await holder(of: "red", in: fixture.store) == "a")
            try await fixture.store.append(.thing(.updated, "a", new, before: old))
            #expect(try await holder(of: "red", in: fixture.store) == nil)
            #expect(try await holder(of: "blue", in: fixture.store) == "a")
            try await fixture.store.append(.thing(.deleted, "a", new, before: new))
            #expect(try await holder(of: "blue", in: fixture.store) == nil)
        }
    }

    @Test func `gives a value to one of many who claim it at once`() async throws {
        try await withStore { fixture in
            let stores = [fixture.store, fixture.anotherStore()]
            for round in 0..<20 {
                let won = try await withThrowingTaskGroup(of: String?.self) { group in
                    for task in 0..<8 {
                        group.addTask {
                            try await claim("v\(round)", for: "\(round)-\(task)", in: stores[task % 2])
                        }
                    }
                    return try await group.reduce(into: [String]()) { if let id = $1 { $0.append(id) } }
                }
                #expect(won.count == 1)
                #expect(try await holder(of: "v\(round)", in: fixture.store) == won.first)
            }
        }
    }

    private func claim(_ value: String, for id: String, in store: Store) async throws -> String? {
        let outcome = try await store.transact(
            Transaction(
                expectations: [.vacant(.code, value: value)],
                events: [.thing(.created, id, #""code":"\#(value)""#)]))
        if case .conflict(.taken(.code, value: value, by: _)) = outcome { return nil }
        return id
    }

    private func holder(of value: String, in store: Store) async throws -> String? {
        try await store.load([.unique(.code, value)])[0]?.id
    }
}
