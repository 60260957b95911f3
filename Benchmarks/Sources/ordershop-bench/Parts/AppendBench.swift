import EventStore
import Logging
import Redis

/// Appending, without a daemon around it.
func measureAppending(_ round: Round, _ report: inout Report) async throws {
    let (group, redis) = ("append", round.redis)
    let pipelined = try await redis.bareXADD(pipeline: 64, clients: 1, requests: round.count(1_000_000))
    report.add("bare XADD, 64 in a pipeline", pipelined, in: group)
    let rates = try await redis.withClient { client in
        let bench = AppendBench(redis: client)
        return (
            script: try await bench.script(round.count(200_000)),
            bare: try await bench.append(round.count(200_000), tasks: 64, isCached: false),
            cached: try await bench.append(round.count(200_000), tasks: 64, isCached: true),
            single: try await bench.append(round.count(50_000), tasks: 1, isCached: true)
        )
    }
    report.add(
        "a script of HGET, XADD, HSET, 32 events a call", rates.script, of: pipelined, "pipelined XADD", in: group)
    report.add(
        "append from 64 tasks: id, revision", rates.bare, of: pipelined, "pipelined XADD", in: group,
        .ratio(atLeast: 0.33))
    report.add(
        "append from 64 tasks: id, revision, cache", rates.cached, of: pipelined, "pipelined XADD", in: group,
        .ratio(atLeast: 0.33))
    let call = try await AppendBench.captured(on: redis)
    // The last of an answer are the warnings, of which there are none.
    let single = try await call.rate(round.count(50_000), on: redis, answersEndWith: Array("*0\r\n".utf8))
    report.add("bare EVALSHA of the same script, one at a time", single, in: group)
    report.add(
        "append from one task", rates.single, of: single, "bare EVALSHA", in: group, .ratio(atLeast: 0.6))
}

struct AppendBench: Sendable {
    let redis: RedisClient
    static let topic = TopicDefinition("customer")

    private var store: Store {
        Store(redis: redis, shop: "", catalogue: Catalogue(topics: [Self.topic]), logger: .bench)
    }

    /// Appends from many tasks, each waiting for its answer before its next event.
    /// - Parameter isCached: whether the entity is a JSON object, which is kept in the entity cache, or one in a JSON
    ///   string, which is not.
    /// - Returns: events a second.
    func append(_ count: Int, tasks: Int, isCached: Bool) async throws -> Double {
        let store = store
        try await store.open()
        let time = try await ContinuousClock().measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<tasks {
                    group.addTask {
                        for _ in 0..<count / tasks {
                            let (event, expectation) = Self.birth(isCached: isCached)
                            _ = try await store.transact(
                                Transaction(expectations: [expectation], events: [event]))
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        return Double(count / tasks * tasks) / time.seconds
    }

    private static func birth(isCached: Bool) -> (NewEvent, Expectation) {
        let id = UUIDText.random()
        let entity =
            isCached
            ? #"{"id":"\#(id)","name":"Ada","email":"ada@example.org"}"#
            : #""{'id':'\#(id)','name':'Ada','email':'ada@example.org'}""#
        return (
            NewEvent(topic.birthStream, entityID: id, entity: Array(entity.utf8), before: nil),
            .revision(topic.topic, id: id, nil)
        )
    }

    /// The call that one append makes. It expects nothing, so that it can be made again and again.
    static func captured(on server: RedisUnderTest) async throws -> CapturedCall {
        try await server.withClient { redis in
            let store = AppendBench(redis: redis).store
            try await store.open()
            let (event, _) = birth(isCached: true)
            return try await CapturedCall.hear("EVALSHA", on: server) {
                _ = try await store.transact(Transaction(events: [event]))
            }
        }
    }

    /// The least that a step does inside Redis: asks for a revision, appends, and notes the new revision.
    private static let script = """
        for i = 1, #ARGV, 3 do
            redis.call('HGET', 'ceiling:revisions', ARGV[i])
            local id = redis.call('XADD', 'ceiling:events', '*', 'event_id', ARGV[i + 1], 'entity', ARGV[i + 2])
            redis.call('HSET', 'ceiling:revisions', ARGV[i], id .. ' created')
        end
        """

    /// Runs that least script for 32 events a call, two calls at a time.
    func script(_ count: Int) async throws -> Double {
        guard let digest = try await redis.send(RedisCommand("SCRIPT", "LOAD", Self.script)).string else {
            throw BenchError("Redis did not take the script")
        }
        let calls = count / 64
        let time = try await ContinuousClock().measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<2 {
                    group.addTask { for _ in 0..<calls { _ = try await redis.send(call(digest)) } }
                }
                try await group.waitForAll()
            }
        }
        return Double(calls * 64) / time.seconds
    }

    private func call(_ digest: String) -> RedisCommand {
        var command = RedisCommand("EVALSHA", digest, "0")
        for _ in 0..<32 {
            let id = UUIDText.random()
            command.append(id)
            command.append(UUIDText.random())
            command.append(#"{"id":"\#(id)","name":"Ada","email":"ada@example.org"}"#)
        }
        return command
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
