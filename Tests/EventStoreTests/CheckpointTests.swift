@testable import EventStore
import Redis
import TestKit
import Testing

@Suite struct `A checkpoint` {
    /// A store with two events, and a lease of the module `m` for the owner `me`.
    private func withLease(_ body: (Fixture, [EventID]) async throws -> Void) async throws {
        try await withStore { fixture in
            let ids = try await fixture.store.append(.thing(.created, "a"), .thing(.created, "b"))
            _ = try await fixture.store.heartbeat(["m"], owner: "me", time: .seconds(60))
            try await body(fixture, ids)
        }
    }

    private func move(
        from: EventID?, to: EventID, owner: String = "me", expecting: [EventStore.Expectation] = []
    ) -> Transaction {
        Transaction(
            expectations: expecting, events: [.note(.created, "effect")],
            checkpoint: CheckpointMove(
                module: "m", lease: Lease(owner: owner, epoch: 1), positions: [(.things, from, to)]))
    }

    private func expect(
        _ transaction: Transaction, isRefusedWith conflict: TransactionOutcome.Conflict, in fixture: Fixture
    ) async throws {
        let before = try await fixture.redis.dump()
        let outcome = try await fixture.store.transact(transaction)
        #expect(outcome == .conflict(conflict))
        #expect(try await fixture.redis.dump() == before)
    }

    @Test func `moves together with the effects`() async throws {
        try await withLease { fixture, ids in
            let outcome = try await fixture.store.transact(move(from: nil, to: ids[0]))
            guard case .committed(let effects) = outcome else { throw TestFailure(description: "\(outcome)") }
            #expect(try await fixture.store.checkpoint(of: "m") == [.things: ids[0]])
            #expect(
                try await fixture.redis.strings("HGETALL", "checkpoint:m")
                    == ["events:{thing}_created", ids[0].description])
            #expect(try await fixture.store.state("effect", topic: "note")?.revision == effects[0])
        }
    }

    @Test func `stays where the effects are refused`() async throws {
        try await withLease { fixture, ids in
            try await expect(
                move(from: nil, to: ids[0], expecting: [.revision("thing", id: "a", nil)]),
                isRefusedWith: .revision("thing", id: "a", actual: ids[0]), in: fixture)
        }
    }

    /// As after a fail-over: what was read from the old primary never came to the new one.
    @Test func `moves only to an event that is still there`() async throws {
        try await withLease { fixture, ids in
            _ = try await fixture.redis.send(
                RedisCommand("XDEL", "events:{thing}_created", ids[1].description))
            try await expect(
                move(from: nil, to: ids[1]), isRefusedWith: .checkpoint(.things, actual: nil), in: fixture)
        }
    }

    @Test func `moves only from where it stands`() async throws {
        try await withLease { fixture, ids in
            _ = try await fixture.store.transact(move(from: nil, to: ids[0]))
            try await expect(
                move(from: nil, to: ids[1]), isRefusedWith: .checkpoint(.things, actual: ids[0]), in: fixture)
            try await expect(
                move(from: ids[1], to: ids[1]), isRefusedWith: .checkpoint(.things, actual: ids[0]), in: fixture)
            guard case .committed = try await fixture.store.transact(move(from: ids[0], to: ids[1])) else {
                throw TestFailure(description: "it did not move from where it stands")
            }
        }
    }

    @Test func `does not move without the lease, nor under another's`() async throws {
        try await withLease { fixture, ids in
            try await expect(
                move(from: nil, to: ids[0], owner: "you"), isRefusedWith: .fenced(by: Lease(owner: "me", epoch: 1)),
                in: fixture)
            try await fixture.store.release(["m"], owner: "me")
            try await expect(move(from: nil, to: ids[0]), isRefusedWith: .fenced(by: nil), in: fixture)
        }
    }

    @Test func `of the owner of a stream goes along with his appends`() async throws {
        try await withStore { fixture in
            let first = try await fixture.store.append(.note(.created, "a"))[0]
            let ids = try await fixture.store.append(
                .note(.created, "b"), .note(.updated, "a"), .note(.created, "c"))
            #expect(
                try await fixture.store.checkpoint(of: "keeper")
                    == [.notes: ids[2], StreamKey("note", .updated): ids[1]])
            #expect(first < ids[0])
        }
    }

    @Test func `of the owner of a stream waits where an event was not handled yet`() async throws {
        try await withStore { fixture in
            let first = try await fixture.store.append(.note(.created, "a"))[0]
            try await fixture.redis.send(
                "XADD", "events:{note}_created", "\(first.seconds)-999999", "event_id", "x")
            try await fixture.store.append(.note(.created, "b"))
            #expect(try await fixture.store.checkpoint(of: "keeper") == [.notes: first])
        }
    }
}

@Suite struct `A lease` {
    @Test func `is one owner's until he gives it back`() async throws {
        try await withStore { fixture in
            let store = fixture.store
            let mine = try await store.heartbeat(["m", "n"], owner: "me", time: .seconds(60))
            #expect(mine.map(\.lease?.owner) == ["me", "me"])
            #expect(
                try await store.heartbeat(["m"], owner: "you", time: .seconds(60)).map(\.lease?.owner) == ["me"])
            try await store.release(["m", "n"], owner: "you")
            #expect(
                try await store.heartbeat(["m"], owner: "you", time: .seconds(60)).map(\.lease?.owner) == ["me"])
            try await store.release(["m"], owner: "me")
            let yours = try await store.heartbeat(["m", "n"], owner: "you", time: .seconds(60))
            #expect(yours.map(\.lease?.owner) == ["you", "me"])
        }
    }

    @Test func `ends by itself, and fences its old owner`() async throws {
        try await withStore { fixture in
            let id = try await fixture.store.append(.thing(.created, "a"))[0]
            _ = try await fixture.store.heartbeat(["m"], owner: "me", time: .milliseconds(40))
            try await eventually("another takes over") {
                try await fixture.store.heartbeat(["m"], owner: "you", time: .seconds(60))[0].lease?.owner == "you"
            }
            let move = CheckpointMove(
                module: "m", lease: Lease(owner: "me", epoch: 1), positions: [(.things, nil, id)])
            let outcome = try await fixture.store.transact(
                Transaction(events: [.note(.created, "n")], checkpoint: move))
            #expect(outcome == .conflict(.fenced(by: Lease(owner: "you", epoch: 2))))
            #expect(try await fixture.store.state("n", topic: "note") == nil)
        }
    }

    @Test func `is renewed by every heartbeat`() async throws {
        try await withStore { fixture in
            _ = try await fixture.store.heartbeat(["m"], owner: "me", time: .seconds(5))
            _ = try await fixture.store.heartbeat(["m"], owner: "me", time: .seconds(600))
            let rest = try await fixture.redis.send("PTTL", "ordershop:lease:m").int ?? 0
            #expect(rest > 500_000)
        }
    }

    @Test func `is nobody's while the module is disabled, wherever that was said`() async throws {
        try await withStore { fixture in
            let store = fixture.store
            _ = try await store.heartbeat(["m"], owner: "me", time: .seconds(60))
            try await store.setEnabled(false, module: "m")
            let yours = try await store.heartbeat(["m"], owner: "you", time: .seconds(60))
            #expect(yours == [ModuleStanding(isEnabled: false, lease: nil)])
            #expect(try await fixture.redis.send("EXISTS", "ordershop:lease:m").int == 0)
            try await store.setEnabled(true, module: "m")
            #expect(
                try await store.heartbeat(["m"], owner: "me", time: .seconds(60))
                    == [ModuleStanding(isEnabled: true, lease: Lease(owner: "me", epoch: 2))])
        }
    }
}
