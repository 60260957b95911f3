import EventStore
import HandlerRuntime
import JSON
import Redis
import Testing

@Suite struct `Commands` {
    @Test func `create, get, list, update and delete an entity, and everybody reads it at once`() async throws {
        try await Shop.run([CounterModule()]) { shop in
            let id = try await shop.call("counter.create", ["value": 3])
            let other = try await shop.call("counter.create", ["value": 4])
            #expect(try await shop.call("counter.get", ["id": id]) == ["id": id, "value": 3])
            #expect(try await shop.call("counter.update", ["id": id, "value": 5]) == true)
            #expect(
                try await shop.call("counter.list") == [["id": id, "value": 5], ["id": other, "value": 4]])
            #expect(try await shop.call("counter.delete", ["id": id]) == true)
            #expect(try await shop.call("counter.get", ["id": id]) == .null)
            #expect(try await shop.call("counter.list") == [["id": other, "value": 4]])
            #expect(UUIDText.isValid(id.string ?? ""))
        }
    }

    @Test func `that cannot be run say why, and write nothing`() async throws {
        try await Shop.run([CounterModule(), JoiningModule()]) { shop in
            let clock = try await shop.redis.send(RedisCommand("GET", "ordershop:clock"))
            await expectRefusal(.unknownMethod) { try await shop.call("counter.fly") }
            let invalid = await refusal { try await shop.call("counter.create", ["value": -1, "x": 1]) }
            #expect(invalid?.code == .invalid)
            #expect(invalid?.violations.map(\.pointer) == ["/value", "/x"])
            let missing = await refusal { try await shop.call("counter.update", ["id": "none", "value": 1]) }
            #expect(missing?.code == .notFound)
            await expectRefusal(.notFound) { try await shop.call("counter.delete", ["id": "none"]) }
            await expectRefusal(.internalError) { try await shop.call("joining.ask") }
            await expectRefusal(.invalid) { try await shop.call("joining.misspell") }
            #expect(try await shop.redis.send(RedisCommand("GET", "ordershop:clock")) == clock)
        }
    }

    @Test func `in a batch are all done or none, and answer in order`() async throws {
        try await Shop.run([CounterModule()]) { shop in
            let ids = try await shop.call(
                "counter.create", batch: (0..<20).map { ["value": .number(JSONNumber($0))] })
            let list = try await shop.call("counter.list").array ?? []
            #expect(list.compactMap { $0["id"] } == ids.array)
            #expect(list.compactMap { $0["value"]?.number?.int64 } == Array(0..<20))

            let invalid = await refusal {
                try await shop.call("counter.create", batch: [["value": 1], ["value": "x"], 7])
            }
            #expect(invalid?.violations.map(\.pointer) == ["/1/value", "/2"])
            let first = ids.array?.first ?? ""
            let twice: [JSONValue] = [["id": first], ["id": first]]
            await expectRefusal(.notFound) { try await shop.call("counter.delete", batch: twice) }
            #expect(try await shop.call("counter.list").array?.count == 20)
            #expect(try await shop.call("counter.create", batch: []) == [])
        }
    }

    @Test func `in too large a batch are refused`() async throws {
        try await Shop.run([CounterModule()]) { shop in
            let batch = [JSONValue](repeating: ["value": 1], count: 1_001)
            await expectRefusal(.tooLarge) { try await shop.call("counter.create", batch: batch) }
            let ids = try await shop.call("counter.create", batch: Array(batch.dropLast()))
            #expect(ids.array?.count == 1_000)
        }
    }

    @Test func `of 64 tasks on one entity lose no change`() async throws {
        try await Shop.run([CounterModule()]) { first in
            try await Shop.run([CounterModule()], on: first.server) { second in
                let id = try await first.call("counter.create", ["value": 100])
                let left = try await withThrowingTaskGroup(of: [Int64].self) { group in
                    for task in 0..<64 {
                        let shop = task.isMultiple(of: 2) ? first : second
                        group.addTask { try await decrement(id, twiceIn: shop) }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                #expect(left.sorted() == Array(0..<100))
                #expect(try await first.call("counter.get", ["id": id])["value"] == 0)
                #expect(try await first.count(of: .counterChanges) == 100)
            }
        }
    }

    /// What was left after each; nothing where nothing was left to take.
    private func decrement(_ id: JSONValue, twiceIn shop: Shop) async throws -> [Int64] {
        var left: [Int64] = []
        for _ in 0..<2 {
            do {
                left.append(try await shop.call("counter.decrement", ["id": id]).number?.int64 ?? -1)
            } catch let refusal as Refusal where refusal.code == .conflict {}
        }
        return left
    }
}

@Suite struct `Commands that are joined in one step` {
    @Test func `all happen, or none`() async throws {
        try await Shop.run([CounterModule(), JoiningModule()]) { shop in
            let ids = try await shop.call("counter.create", batch: [["value": 2], ["value": 1]])
            #expect(try await shop.call("joining.decrement", ["ids": ids]) == true)
            let refused = await refusal { try await shop.call("joining.decrement", ["ids": ids]) }
            #expect(refused?.code == .conflict)
            let values = try await shop.call("counter.list").array?.compactMap { $0["value"]?.number?.int64 }
            #expect(values == [1, 0])
        }
    }

    @Test func `see what was decided before them in the step`() async throws {
        try await Shop.run([CounterModule(), JoiningModule()]) { shop in
            let id = try await shop.call("counter.create", ["value": 2])
            await expectRefusal(.conflict) { try await shop.call("joining.decrement", ["ids": [id, id, id]]) }
            #expect(try await shop.call("joining.decrement", ["ids": [id, id]]) == true)
            #expect(try await shop.call("counter.get", ["id": id])["value"] == 0)
        }
    }
}
