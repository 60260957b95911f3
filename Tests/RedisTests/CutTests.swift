import NIOCore
import Redis
import TestKit
import Testing

/// The connection is cut after each possible number of bytes. Whatever the callers are told has to be true.
@Suite struct `A connection that is cut anywhere` {
    @Test(arguments: CuttingProxy.Direction.allCases)
    func `tells each caller the truth, and works again`(direction: CuttingProxy.Direction) async throws {
        try await withCutting { proxy, direct, redis in
            let whole = try await bytesOfScript(proxy, direction, redis)
            #expect(whole >= 20)
            for cut in 0..<whole {
                proxy.plan(.cut(after: cut), direction)
                let outcomes = await runScript(redis, "r\(1000 + cut)")
                try await eventually("it was cut") { proxy.cuts == cut + 1 }
                try await check(outcomes, "r\(1000 + cut)", direct)
                try await eventually("it works again") { (try? await redis.send("PING")) == .status("PONG") }
            }
        }
    }

    @Test(arguments: CuttingProxy.Direction.allCases)
    func `gets through the handshake in the end`(direction: CuttingProxy.Direction) async throws {
        try await withCutting { proxy, _, redis in
            for cut in 0..<(direction == .toServer ? 60 : 12) {
                proxy.plan(.cut(after: cut), direction)
                proxy.cut()
                try await eventually("it was cut") {
                    _ = try? await redis.send("PING")
                    return proxy.cuts == cut + 1
                }
                try await eventually("it works again") { (try? await redis.send("PING")) == .status("PONG") }
            }
        }
    }

    @Test func `while many tasks call, loses no count`() async throws {
        try await withCutting { proxy, direct, redis in
            let (sure, unsure) = await withTaskGroup(of: (Int64, Int64).self) { group in
                for _ in 0..<16 { group.addTask { await count(200, redis) } }
                group.addTask {
                    for _ in 0..<20 {
                        try? await redis.waitUntilConnected()
                        proxy.cut()
                    }
                    return (0, 0)
                }
                return await group.reduce(into: (0, 0)) { sum, one in sum = (sum.0 + one.0, sum.1 + one.1) }
            }
            let total = try await direct.send("GET", "n").int ?? 0
            #expect((sure...(sure + unsure)).contains(total))
        }
    }

    private func count(_ calls: Int, _ redis: RedisClient) async -> (sure: Int64, unsure: Int64) {
        var (sure, unsure): (Int64, Int64) = (0, 0)
        for _ in 0..<calls {
            switch await errorCode({ try await redis.send("INCR", "n") }) {
            case nil: sure += 1
            case .outcomeUnknown: unsure += 1
            case .notConnected: break
            case let code: Issue.record("unexpected: \(String(describing: code))")
            }
        }
        return (sure, unsure)
    }

    // MARK: The script: five commands at once, each with an effect of its own

    static let script = [
        ["INCR", "n"], ["RPUSH", "l", "x"], ["HSET", "h", "f", "v"], ["SADD", "s", "m"], ["APPEND", "a", "z"],
    ]
    static let sizes = [["GET", "n"], ["LLEN", "l"], ["HLEN", "h"], ["SCARD", "s"], ["STRLEN", "a"]]

    private func runScript(_ redis: RedisClient, _ run: String) async -> [Result<RedisValue, RedisError>] {
        await withTaskGroup(of: (Int, Result<RedisValue, RedisError>).self) { group in
            for (index, words) in Self.script.enumerated() {
                group.addTask {
                    do throws(RedisError) {
                        return (index, .success(try await redis.send(command(words, run))))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            let outcomes = await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            return Self.script.indices.compactMap { outcomes[$0] }
        }
    }

    private func bytesOfScript(
        _ proxy: CuttingProxy, _ direction: CuttingProxy.Direction, _ redis: RedisClient
    ) async throws -> Int {
        let before = proxy.passed(direction)
        for outcome in await runScript(redis, "r0000") { #expect(try outcome.get().int == 1) }
        return proxy.passed(direction) - before
    }

    private func check(
        _ outcomes: [Result<RedisValue, RedisError>], _ run: String, _ direct: RedisClient
    ) async throws {
        #expect(outcomes.count == Self.script.count)
        for (outcome, size) in zip(outcomes, Self.sizes) {
            let effects = try await direct.send(command(size, run)).int ?? 0
            switch outcome {
            case .success(let reply): #expect(reply.int == 1 && effects == 1)
            case .failure(let error) where error.code == .notConnected: #expect(effects == 0)
            case .failure(let error): #expect(error.code == .outcomeUnknown && effects <= 1)
            }
        }
    }

    private func withCutting(
        _ body: (CuttingProxy, _ direct: RedisClient, _ throughProxy: RedisClient) async throws -> Void
    ) async throws {
        try await withRedis { server, direct in
            let proxy = try await CuttingProxy.start(upstream: server.socketPath)
            try await withClient(server.configuration(through: proxy)) { try await body(proxy, direct, $0) }
            try await proxy.close()
        }
    }
}

/// `words` with the name of the run in front of the key.
private func command(_ words: [String], _ run: String) -> RedisCommand {
    RedisCommand(words[0], arguments: ["\(run):\(words[1])"] + words.dropFirst(2))
}
