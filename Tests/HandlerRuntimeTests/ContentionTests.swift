import EventStore
import HandlerRuntime
import JSON
import Redis
import TestKit
import Testing

@Suite struct `Commands that want the same at the same moment` {
    @Test func `take fewer steps than there are of them, and each gets its own answer`() async throws {
        try await Shop.run([CounterModule()]) { shop in
            let id = try await shop.call("counter.create", ["value": 150])
            let before = try await shop.calls(of: "hmget")
            let replies = await shop.decrement(id, times: 200)
            let done = replies.compactMap { try? $0.get() }
            let values = done.compactMap { reply -> Int64? in
                guard case .value(let value) = reply.answer else { return nil }
                return value.number?.int64
            }
            #expect(values.sorted() == Array(0..<150))
            #expect(Set(done.compactMap(\.revision)).count == 150)
            #expect(replies.count { $0.isRefused(.conflict) } == 50)
            #expect(try await shop.calls(of: "hmget") - before < 150)
            #expect(try await shop.count(of: .counterChanges) == 150)
        }
    }

    @Test func `and have one name are one command`() async throws {
        try await Shop.run([CounterModule()]) { shop in
            let id = try await shop.call("counter.create", ["value": 100])
            let key = try #require(IdempotencyKey("take-one"))
            let replies = await shop.decrement(id, times: 30, on: Terms(key: key))
            #expect(replies.compactMap { try? $0.get() }.count { !$0.isReplayed } == 1)
            #expect(replies.allSatisfy { $0.value == 99 })
            #expect(try await shop.count(of: .counterChanges) == 1)
        }
    }

    @Test func `and expect the same revision go one by one: the first is done`() async throws {
        try await Shop.run([CounterModule()]) { shop in
            let id = try await shop.call("counter.create", ["value": 100])
            let revision = try #require(await shop.decrement(id, times: 1)[0].get().revision)
            let replies = await shop.decrement(id, times: 30, on: Terms(expected: [revision]))
            #expect(replies.compactMap { try? $0.get() }.count == 1)
            #expect(replies.count { $0.isRefused(.revisionMismatch) } == 29)
            #expect(try await shop.call("counter.get", ["id": id])["value"] == 98)
        }
    }

    @Test func `take back only what is refused of them`() async throws {
        try await Shop.run([CounterModule(), JoiningModule()]) { shop in
            let some = try await shop.call("counter.create", ["value": 50])
            let none = try await shop.call("counter.create", ["value": 0])
            let done = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<60 {
                    // Every third takes one of the first before it is refused for the second.
                    let ids: JSONValue = number.isMultiple(of: 3) ? [some, none] : [some]
                    group.addTask { (try? await shop.call("joining.decrement", ["ids": ids])) == true }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(done == 40)
            #expect(try await shop.call("counter.get", ["id": some])["value"] == 10)
        }
    }
}

@Suite struct `What is remembered` {
    @Test func `is decided on only if it is still so`() async throws {
        try await Shop.run([CounterModule()]) { first in
            try await Shop.run([CounterModule()], on: first.server) { second in
                let id = try await first.call("counter.create", ["value": 1])
                #expect(try await first.call("counter.decrement", ["id": id]) == 0)
                // The first knows that nothing is left, and is wrong.
                try await second.call("counter.update", ["id": id, "value": 7])
                #expect(try await first.call("counter.decrement", ["id": id]) == 6)
                try await second.call("counter.delete", ["id": id])
                await expectRefusal(.notFound) { try await first.call("counter.decrement", ["id": id]) }
            }
        }
    }
}

extension Shop {
    /// How often Redis has run a command: a step begins with one HMGET for its revisions.
    fileprivate func calls(of command: String) async throws -> Int {
        let info = try await redis.send(RedisCommand("INFO", "commandstats")).string ?? ""
        let line = info.split(separator: "\r\n").first { $0.hasPrefix("cmdstat_\(command):") }
        let calls = line?.split(separator: ",").first?.split(separator: "=").last
        return calls.flatMap { Int($0) } ?? 0
    }

    fileprivate func decrement(
        _ id: JSONValue, times: Int, on terms: Terms = .none
    ) async -> [Result<Reply, any Error>] {
        await withTaskGroup(of: Result<Reply, any Error>.self) { group in
            for _ in 0..<times {
                group.addTask {
                    do {
                        return .success(
                            try await supervisor.dispatcher.execute(
                                "counter.decrement", JSONObject([("id", id)]), on: terms))
                    } catch { return .failure(error) }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }
}

extension Result<Reply, any Error> {
    fileprivate func isRefused(_ code: Refusal.Code) -> Bool {
        guard case .failure(let error) = self else { return false }
        return (error as? Refusal)?.code == code
    }

    fileprivate var value: Int64? {
        guard case .success(let reply) = self, case .value(let value) = reply.answer else { return nil }
        return value.number?.int64
    }
}
