import EventStore
import Redis
import TestKit
import Testing

/// The connection is cut in the middle of transactions. Whatever their callers are told has to be true.
@Suite struct `A transaction whose connection is cut` {
    @Test(arguments: CuttingProxy.Direction.allCases)
    func `after any of its bytes stands exactly once when it is committed, and never when it failed`(
        direction: CuttingProxy.Direction
    ) async throws {
        try await withCutting { fixture, proxy, store in
            let whole = try await bytes(of: direction, proxy, store)
            #expect(whole > 20)
            var results: [(Transaction, Outcome)] = []
            for cut in 0..<whole {
                let transaction = create("c\(10_000 + cut)")
                proxy.plan(.cut(after: cut), direction)
                results.append((transaction, await outcome(of: transaction, in: store)))
                proxy.passEverything()
            }
            try await check(results, in: fixture)
            #expect(!results.contains { $0.1 == .failed(.outcomeUnknown) }, "Redis was back in time to tell")
            // An answer's length varies with its ids, so the last cuts may come too late.
            #expect(proxy.cuts >= whole - (direction == .toServer ? 0 : 16))
        }
    }

    @Test func `again and again, while many go on at once, tells the truth`() async throws {
        try await withCutting { fixture, proxy, store in
            let results = try await withThrowingTaskGroup(of: [(Transaction, Outcome)].self) { group in
                for task in 0..<8 {
                    group.addTask {
                        var results: [(Transaction, Outcome)] = []
                        for number in 0..<12 {
                            let transaction = create("t\(task)-\(number)")
                            results.append((transaction, await outcome(of: transaction, in: store)))
                        }
                        return results
                    }
                }
                group.addTask {
                    for round in 0..<10 {
                        proxy.plan(.cut(after: 97 * round), round.isMultiple(of: 2) ? .toServer : .toClient)
                        try await Task.sleep(for: .milliseconds(20))
                    }
                    proxy.passEverything()
                    return []
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            try await check(results, in: fixture)
        }
    }

    @Test func `and that cannot be repeated in time says that its outcome is unknown`() async throws {
        try await withCutting { fixture, proxy, store in
            try await store.append(.thing(.created, "warm"))
            proxy.plan(.cut(after: 0), .toClient)
            async let result = outcome(of: create("a"), in: store)
            try await eventually("it was cut") { proxy.cuts == 1 }
            try await proxy.close()
            #expect(await result == .failed(.outcomeUnknown))
            #expect(try await fixture.store.state("a") != nil)
        }
    }

    // MARK: Words

    private enum Outcome: Equatable {
        case done(TransactionOutcome)
        case failed(StoreError.Code)
    }

    private func create(_ id: String) -> Transaction {
        Transaction(
            expectations: [.revision("thing", id: id, nil), .vacant(.code, value: id)],
            events: [.thing(.created, id, #""code":"\#(id)""#), .note(.created, id)])
    }

    private func outcome(of transaction: Transaction, in store: Store) async -> Outcome {
        do throws(StoreError) {
            return .done(try await store.transact(transaction))
        } catch {
            return .failed(error.code)
        }
    }

    private func bytes(
        of direction: CuttingProxy.Direction, _ proxy: CuttingProxy, _ store: Store
    ) async throws -> Int {
        _ = try await store.transact(create("first0"))
        let before = proxy.passed(direction)
        _ = try await store.transact(create("second"))
        return proxy.passed(direction) - before
    }

    private func check(_ results: [(Transaction, Outcome)], in fixture: Fixture) async throws {
        let batch = try await fixture.store.read([.things, .notes], after: [:], count: 100_000)
        let ids = Dictionary(grouping: batch.events, by: \.eventID).mapValues { $0.map(\.id) }
        for (transaction, outcome) in results {
            for (index, event) in transaction.events.enumerated() {
                let found = ids[event.eventID] ?? []
                switch outcome {
                case .done(.committed(let ids)): #expect(found == [ids[index]])
                case .failed(.unavailable): #expect(found.isEmpty)
                case .failed(.outcomeUnknown): #expect(found.count <= 1)
                case .done(.conflict), .failed: Issue.record("\(outcome)")
                }
            }
        }
    }

    private func withCutting(
        _ body: (Fixture, CuttingProxy, Store) async throws -> Void
    ) async throws {
        try await withStore { fixture in
            let proxy = try await CuttingProxy.start(upstream: fixture.server.socketPath)
            try await withClient(of: proxy.url) { redis in
                let store = fixture.anotherStore(on: redis)
                try await store.open()
                try await body(fixture, proxy, store)
            }
            try await proxy.close()
        }
    }
}
