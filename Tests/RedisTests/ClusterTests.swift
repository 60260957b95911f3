import NIOPosix
import Redis
import Synchronization
import TestKit
import Testing

@Suite(.timeLimit(.minutes(4))) struct `A client of a cluster` {
    static let key = "{berlin}:clock"

    @Test func `finds the node of its slot by any node, also by the URL of a single server`() async throws {
        try await withRedisCluster { cluster async throws in
            let owner = try await cluster.owner(of: Self.key)
            for number in cluster.nodes.indices {
                let plain = "redis://127.0.0.1:\(cluster.nodes[number].port)"
                for url in [cluster.url(ofNode: number), plain] {
                    try await withClient(url) { redis async throws in
                        #expect("\(redis.address)" == "127.0.0.1:\(owner.port)")
                        #expect(try await redis.send("INCR", Self.key).int != nil)
                    }
                }
            }
            #expect(try await owner.run("GET", Self.key).string == "12")
        }
    }

    @Test func `finds it when the first seed is down, and needs no seed once it knows the others`() async throws {
        try await withRedisCluster { cluster async throws in
            let owner = try await cluster.owner(of: Self.key)
            let seed = try #require(cluster.nodes.prefix(3).first { $0.port != owner.port })
            try await withClient("redis+cluster://127.0.0.1:1,127.0.0.1:\(seed.port)") { redis async throws in
                seed.server.kill()
                try await owner.run("CLIENT", "KILL", "TYPE", "normal")
                try await eventually("it is back") { try await redis.send("PING") == .status("PONG") }
                #expect("\(redis.address)" == "127.0.0.1:\(owner.port)")
            }
        }
    }

    @Test func `goes with the slot to another node, and no call fails or is done twice`() async throws {
        try await withRedisCluster { cluster async throws in
            let source = try await cluster.owner(of: Self.key)
            let target = try await cluster.otherPrimary(than: source)
            let slot = try await cluster.slot(of: Self.key)
            try await withClient(cluster.url) { redis async throws in
                for number in 0..<300 { try await redis.send("SET", "{berlin}:\(number)", "0") }
                let outcomes = try await underLoad(redis) {
                    _ = try await cluster.move(slot: slot, from: source, to: target)
                }
                #expect(outcomes.failures == [])
                #expect("\(redis.address)" == "127.0.0.1:\(target.port)")
                #expect(try await redis.send("GET", Self.key).int == outcomes.counted)
                #expect(outcomes.counted > 0)
                let kept = try await redis.pipeline((0..<300).map { RedisCommand("GET", "{berlin}:\($0)") })
                #expect(kept.allSatisfy { $0.string == "0" })
            }
            #expect(try await cluster.keys(of: slot, at: source) == [])
        }
    }

    @Test func `follows a fail-over that was asked for, and nothing is done twice or reported wrong`() async throws
    {
        try await withRedisCluster { cluster async throws in
            let primary = try await cluster.owner(of: Self.key)
            try await withClient(cluster.url) { redis async throws in
                let outcomes = try await underLoad(redis) {
                    try await cluster.failOver(from: primary, of: Self.key)
                }
                // A reply may be lost where the server that hands over cuts a connection: then that is what is said.
                #expect(outcomes.failures.allSatisfy { $0.code == .outcomeUnknown })
                let counted = try await redis.send("GET", Self.key).int ?? 0
                #expect(counted >= outcomes.counted)
                #expect(counted <= outcomes.counted + Int64(outcomes.failures.count))
            }
        }
    }

    @Test func `finds the replica that takes the place of a primary that was killed`() async throws {
        try await withRedisCluster { cluster async throws in
            let primary = try await cluster.owner(of: Self.key)
            try await withClient(cluster.url) { redis async throws in
                try await redis.send("SET", "{berlin}:kept", "yes")
                try await cluster.replica(of: primary).waitUntilCaughtUp(with: primary)
                primary.server.kill()
                try await eventually("the cluster has got over it") {
                    try await redis.send("GET", "{berlin}:kept").string == "yes"
                }
                #expect("\(redis.address)" != "127.0.0.1:\(primary.port)")
                // The one that was killed comes back as a replica, and is not taken for the primary.
                try await primary.server.restart()
                try await cluster.waitUntilWhole()
                #expect(try await redis.send("INCR", Self.key).int != nil)
            }
        }
    }

    @Test func `calls that were refused say so, and what became of them is never unknown`() async throws {
        try await withRedisCluster { cluster async throws in
            let owner = try await cluster.owner(of: Self.key)
            var configuration = try Self.configuration(cluster.url)
            configuration.connectionPatience = .milliseconds(500)
            try await RedisTests.withClient(configuration) { redis async throws in
                try await redis.send("SET", Self.key, "1")
                // With two of three primaries gone at once nobody can be elected.
                let others = cluster.nodes.prefix(3).filter { $0.port != owner.port }
                for node in others { node.server.pause() }
                try await eventually("the cluster is down") {
                    let error = await failure { try await redis.send("INCR", "{berlin}:n") }
                    return error?.isRetryable == true
                }
                for node in others { node.server.resume() }
                try await eventually("it is back") { try await redis.send("GET", Self.key).string == "1" }
            }
        }
    }

    @Test func `a Redis that is no cluster is named where one was expected`() async throws {
        let port = try RedisServer.freePort()
        try await withRedisServer(options: ["--port", "\(port)", "--bind", "127.0.0.1"]) { _ async throws in
            let error = try await refusal(of: "redis+cluster://127.0.0.1:\(port)")
            #expect(error.code == .unsuitableServer)
            #expect(error.message.contains("redis://127.0.0.1:\(port)"))
        }
    }

    @Test func `a cluster is refused by who cannot use one, with his reason`() async throws {
        try await withRedisCluster { cluster async throws in
            for url in [cluster.url, "redis://127.0.0.1:\(cluster.nodes[1].port)"] {
                let error = try await refusal(of: url) { $0.clusterUse = .refuse(because: "no name") }
                #expect(error.code == .unsuitableServer)
                #expect(error.message.hasSuffix("is a Redis Cluster: no name"))
            }
        }
    }

    @Test func `a single server stays a single server for who could use a cluster`() async throws {
        try await withRedisServer { server in
            try await withClient(server.url) { redis async throws in
                #expect(try await redis.send("INCR", Self.key).int == 1)
                #expect("\(redis.address)" == server.url)
            }
        }
    }

    // MARK: What the tests share

    /// What `run` throws at once.
    private func refusal(
        of url: String, _ adjust: (inout RedisConfiguration) -> Void = { _ in }
    ) async throws -> RedisError {
        var configuration = try Self.configuration(url)
        adjust(&configuration)
        let client = RedisClient(
            configuration: configuration, eventLoopGroup: .singletonMultiThreadedEventLoopGroup, logger: .silent)
        return try #require(await failure { try await client.run() })
    }

    private func failure(_ body: () async throws -> Void) async -> RedisError? {
        do { try await body() } catch { return error as? RedisError }
        return nil
    }

    static func configuration(_ url: String) throws -> RedisConfiguration {
        var configuration = try RedisConfiguration(url: url)
        configuration.clusterUse = .slot(of: key)
        configuration.backoffMinimum = .milliseconds(1)
        configuration.backoffMaximum = .milliseconds(50)
        configuration.connectTimeout = .milliseconds(500)
        // The machine may be busy while a slot moves.
        configuration.connectionPatience = .seconds(10)
        return configuration
    }

    private func withClient<T>(_ url: String, _ body: (RedisClient) async throws -> T) async throws -> T {
        try await RedisTests.withClient(Self.configuration(url), body)
    }
}

@Suite(.timeLimit(.minutes(4))) struct `A slot that moves key by key` {
    typealias Cluster = `A client of a cluster`

    @Test func `shows each key to plain commands, wherever it is`() async throws {
        try await withMovingSlot { cluster, redis, move async throws in
            for number in 0..<20 { try await redis.send("SET", "{berlin}:\(number)", "\(number)") }
            try await move.begin()
            while try await move.oneKey() {
                for number in 0..<20 {
                    #expect(try await redis.send("GET", "{berlin}:\(number)").string == "\(number)")
                }
                let replies = try await redis.pipeline(
                    (0..<20).map { RedisCommand("GET", "{berlin}:\($0)") })
                #expect(replies.compactMap(\.int) == (0..<20).map { Int64($0) })
            }
            try await move.end()
            #expect(try await redis.send("GET", "{berlin}:7").string == "7")
        }
    }

    @Test func `is found by a client that comes while it moves`() async throws {
        try await withMovingSlot { cluster, redis, move async throws in
            for number in 0..<6 { try await redis.send("SET", "{berlin}:\(number)", "\(number)") }
            try await move.begin()
            for _ in 0..<3 { _ = try await move.oneKey() }
            try await withClient(Cluster.configuration(cluster.url)) { late async throws in
                let replies = try await late.pipeline((0..<6).map { RedisCommand("GET", "{berlin}:\($0)") })
                #expect(replies.compactMap(\.int) == [0, 1, 2, 3, 4, 5])
            }
        }
    }

    @Test func `takes new keys and changes on the side where they belong`() async throws {
        try await withMovingSlot { cluster, redis, move async throws in
            try await redis.send("HSET", "{berlin}:old", "f", "1")
            try await redis.send("SET", "{berlin}:other", "x")
            try await move.begin()
            try await redis.send("HSET", "{berlin}:new", "f", "1")
            while try await move.oneKey() {
                try await redis.send("HSET", "{berlin}:old", "f", "2")
                try await redis.send("HSET", "{berlin}:new", "f", "2")
            }
            try await move.end()
            #expect(try await redis.send("HGET", "{berlin}:old", "f").string == "2")
            #expect(try await redis.send("HGET", "{berlin}:new", "f").string == "2")
            #expect(try await cluster.keys(of: move.slot, at: move.source) == [])
            #expect(try await cluster.keys(of: move.slot, at: move.target).count == 3)
        }
    }

    @Test func `lets no script run that names a key which never is, until it has moved`() async throws {
        try await withMovingSlot(patience: .milliseconds(30)) { cluster, redis, move async throws in
            try await redis.send("SET", "{berlin}:clock", "0")
            for number in 0..<5 { try await redis.send("SET", "{berlin}:\(number)", "0") }
            let script = """
                redis.call('INCR', '{berlin}:0') return redis.call('INCR', '{berlin}:4')
                """
            var call = RedisCommand("EVAL", script, "2", "{berlin}:clock", "{berlin}:never")
            call.needsWholeSlot = true
            #expect(try await redis.send(call).int == 1)
            try await move.begin()
            repeat {
                let code = await errorCode { _ = try await redis.send(call) }
                #expect(code == .server(.tryagain) || code == .server(.ask))
            } while try await move.oneKey()
            try await move.end()
            try await eventually("it goes on") { try await redis.send(call).int == 2 }
            #expect(try await redis.send("GET", "{berlin}:0").int == 2)
        }
    }

    @Test func `whose owner dies on the way is not written to, as keys of it are elsewhere`() async throws {
        try await withMovingSlot(patience: .milliseconds(100)) { cluster, redis, move async throws in
            for number in 0..<10 { try await redis.send("SET", "{berlin}:\(number)", "0") }
            try await move.begin()
            for _ in 0..<5 { _ = try await move.oneKey() }
            try await cluster.replica(of: move.source).waitUntilCaughtUp(with: move.source)
            move.source.server.kill()
            // The replica has never heard of the move, and would take what has gone for what never was.
            let heir = try await cluster.waitForOwner(of: Cluster.key, otherThan: move.source)
            #expect(try await cluster.keys(of: move.slot, at: heir).count == 5)
            try await eventually("it is seen") {
                let states = redis.connectionStates
                for await case .backingOff(let reason, _) in states { return reason.message.contains("is torn") }
                return false
            }
            let code = await errorCode { try await redis.send("SET", "{berlin}:0", "1") }
            #expect(code == .notConnected)
            // The move is taken up again, from where the slot is now.
            try await move.target.run("CLUSTER", "SETSLOT", "\(move.slot)", "STABLE")
            try await cluster.waitUntilWhole()
            _ = try await cluster.move(slot: move.slot, from: heir, to: move.target)
            try await eventually("it goes on") { try await redis.send("SET", "{berlin}:0", "1") == .status("OK") }
            let kept = try await redis.pipeline((0..<10).map { RedisCommand("GET", "{berlin}:\($0)") })
            #expect(kept.compactMap(\.int).sorted() == [0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
        }
    }

    private struct Move {
        let cluster: RedisCluster
        let slot: Int
        let source: RedisNode
        let target: RedisNode

        func begin() async throws { try await cluster.begin(moving: slot, from: source, to: target) }
        func oneKey() async throws -> Bool { try await cluster.moveKey(of: slot, from: source, to: target) }
        func end() async throws { try await cluster.end(moving: slot, to: target) }
    }

    private func withMovingSlot(
        patience: Duration = .seconds(10), _ body: (RedisCluster, RedisClient, Move) async throws -> Void
    ) async throws {
        try await withRedisCluster { cluster async throws in
            let source = try await cluster.owner(of: Cluster.key)
            let move = Move(
                cluster: cluster, slot: try await cluster.slot(of: Cluster.key), source: source,
                target: try await cluster.otherPrimary(than: source))
            var configuration = try Cluster.configuration(cluster.url)
            configuration.connectionPatience = patience
            try await withClient(configuration) { try await body(cluster, $0, move) }
        }
    }
}

/// What became of calls that each count one up.
struct Counting: Sendable {
    var counted: Int64 = 0
    var failures: [RedisError] = []

    /// Counts until it is told that it is over.
    fileprivate init(_ redis: RedisClient, until isOver: Flag) async {
        while !isOver.isSet {
            do throws(RedisError) {
                try await redis.send("INCR", `A client of a cluster`.key)
                counted += 1
            } catch {
                failures.append(error)
            }
        }
    }

    fileprivate init() {}
}

private final class Flag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}

/// Counts from several tasks while `body` runs.
func underLoad(_ redis: RedisClient, _ body: () async throws -> Void) async throws -> Counting {
    let isOver = Flag()
    return try await withThrowingTaskGroup { group in
        for _ in 0..<8 { group.addTask { await Counting(redis, until: isOver) } }
        do {
            try await eventually("it counts") {
                try await redis.send("GET", `A client of a cluster`.key).int ?? 0 > 100
            }
            try await body()
        } catch {
            isOver.set()
            throw error
        }
        isOver.set()
        return try await group.reduce(into: Counting()) { sum, one in
            sum.counted += one.counted
            sum.failures += one.failures
        }
    }
}
