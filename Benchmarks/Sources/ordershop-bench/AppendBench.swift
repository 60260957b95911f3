import EventStore
import Logging
import Redis

/// Appending, without a daemon around it.
struct AppendBench: Sendable {
    let redis: RedisClient
    static let topic = TopicDefinition("customer")

    /// Appends from many tasks, each waiting for its answer before its next event.
    /// - Parameter isCached: whether the entity is a JSON object, which is kept in the entity cache, or one in a JSON
    ///   string, which is not.
    func append(_ count: Int, tasks: Int, isCached: Bool) async throws -> Rate {
        let store = Store(redis: redis, shop: "", catalogue: Catalogue(topics: [Self.topic]), logger: .bench)
        try await store.open()
        let time = try await ContinuousClock().measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<tasks {
                    group.addTask { for _ in 0..<count / tasks { try await append(to: store, isCached: isCached) } }
                }
                try await group.waitForAll()
            }
        }
        return Rate(count: count, in: time)
    }

    private func append(to store: Store, isCached: Bool) async throws {
        let id = UUIDText.random()
        let entity =
            isCached
            ? #"{"id":"\#(id)","name":"Ada","email":"ada@example.org"}"#
            : #""{'id':'\#(id)','name':'Ada','email':'ada@example.org'}""#
        let event = NewEvent(Self.topic.birthStream, entityID: id, entity: Array(entity.utf8), before: nil)
        let expectation = Expectation.revision(Self.topic.topic, id: id, nil)
        _ = try await store.transact(Transaction(expectations: [expectation], events: [event]))
    }

    /// The least that a step does inside Redis: asks for a revision, appends, and notes the new revision.
    private static let script = """
        local now = redis.call('TIME')
        for i = 1, #ARGV, 3 do
            redis.call('HGET', 'ceiling:revisions', ARGV[i])
            local id = redis.call('XADD', 'ceiling:events', '*', 'event_id', ARGV[i + 1], 'entity', ARGV[i + 2])
            redis.call('HSET', 'ceiling:revisions', ARGV[i], id .. ' created')
        end
        """

    /// Runs that least script for 32 events a call, two calls at a time.
    func script(_ count: Int) async throws -> Rate {
        guard let digest = try await redis.send(RedisCommand("SCRIPT", "LOAD", Self.script)).string else {
            throw BenchError("Redis did not take the script")
        }
        let time = try await ContinuousClock().measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<2 {
                    group.addTask { for _ in 0..<count / 64 { _ = try await redis.send(call(digest)) } }
                }
                try await group.waitForAll()
            }
        }
        return Rate(count: count, in: time)
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

extension Logger {
    static var bench: Logger {
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        return logger
    }
}
