import NIOCore
import Redis
import ServiceLifecycle
import TestKit
import Testing

@Suite struct `A connection` {
    @Test func `goes on after a waiting task was cancelled`() async throws {
        try await withRedis { server, redis async throws in
            server.pause()
            let waiting = Task { try await redis.send("INCR", "n") }
            let others = Task { try await redis.send("ECHO", "still here") }
            waiting.cancel()
            #expect(await errorCode { _ = try await waiting.value } == .cancelled)
            server.resume()
            #expect(try await others.value.string == "still here")
            #expect(try await redis.send("ECHO", "in step").string == "in step")
        }
    }

    @Test func `sends nothing for a task that is cancelled already`() async throws {
        try await withRedis { _, redis async throws in
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                try await redis.send("INCR", "n")
            }
            task.cancel()
            #expect(await errorCode { try await task.value } == .cancelled)
            #expect(try await redis.send("GET", "n").isNull)
        }
    }

    @Test func `survives calls that are cancelled at any moment`() async throws {
        try await withRedis { _, redis async throws in
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<500 {
                    group.addTask {
                        let task = Task { try await redis.send("ECHO", "\(number)").string }
                        for _ in 0..<(number % 7) { await Task.yield() }
                        task.cancel()
                        switch await task.result {
                        case .success(let text): #expect(text == "\(number)")
                        case .failure(let error): #expect((error as? RedisError)?.code == .cancelled)
                        }
                    }
                }
            }
            #expect(try await redis.send("ECHO", "in step").string == "in step")
        }
    }

    @Test func `a frozen server is cut off, and used again when it goes on`() async throws {
        try await withRedisServer { server in
            var configuration = try server.configuration()
            configuration.commandTimeout = .milliseconds(100)
            configuration.connectTimeout = .milliseconds(100)
            try await withClient(configuration) { redis in
                server.pause()
                let error = await #expect(throws: RedisError.self) { try await redis.send("INCR", "n") }
                #expect(error?.code == .outcomeUnknown)
                #expect(error?.message.contains("may or may not have been carried out") == true)
                try await eventually("it is found out") {
                    await errorCode { try await redis.send("PING") } == .notConnected
                }
                server.resume()
                try await eventually("it is back") { (try? await redis.send("PING")) == .status("PONG") }
            }
        }
    }

    @Test func `a server that comes back is found within about a second`() async throws {
        try await withRedisServer { server in
            let configuration = try RedisConfiguration(url: server.url)
            try await withClient(configuration) { redis in
                server.kill()
                try await eventually("the failure is known") {
                    await errorCode { try await redis.send("PING") } == .notConnected
                }
                let error = await #expect(throws: RedisError.self) { try await redis.send("PING") }
                #expect(error?.message.contains(server.socketPath) == true)
                #expect(error?.message.contains("errno") == true)
                #expect(!redis.isConnected)
                try await server.restart()
                let time = try await ContinuousClock().measure { try await redis.waitUntilConnected() }
                // The longest pause is a second; the rest is for a busy machine.
                #expect(time < .seconds(3))
                #expect(try await redis.send("PING") == .status("PONG"))
            }
        }
    }

    @Test func `calls that are made before there is a connection wait for it, though not for long`() async throws {
        try await withRedisServer { server in
            let proxy = try await CuttingProxy.start(upstream: server.socketPath)
            proxy.plan(.blackhole, .toServer)
            var configuration = try server.configuration(through: proxy)
            configuration.connectionPatience = .milliseconds(50)
            try await withClient(configuration, connected: false) { redis in
                let error = await #expect(throws: RedisError.self) { try await redis.send("INCR", "n") }
                #expect(error?.code == .notConnected)
                #expect(error?.wasNeverSent == true)
                proxy.passEverything()
                proxy.cut()
                try await redis.waitUntilConnected()
                #expect(try await redis.send("INCR", "n") == .integer(1))
            }
        }
    }

    @Test func `takes only so many commands at once`() async throws {
        try await withRedisServer { server in
            var configuration = try server.configuration()
            configuration.maximumCommandsInFlight = 10
            try await withClient(configuration) { redis in
                server.pause()
                let ten = Task { try await redis.pipeline((0..<10).map { _ in RedisCommand("PING") }) }
                try await eventually("it is full") {
                    let probe = Task { try await redis.send("PING") }
                    // Time for the probe to be taken, if there is room for it.
                    try await Task.sleep(for: .milliseconds(20))
                    probe.cancel()
                    return await errorCode { _ = try await probe.value } == .overloaded
                }
                server.resume()
                _ = try? await ten.value
                try await eventually("there is room") { (try? await redis.send("PING")) == .status("PONG") }
            }
        }
    }

    @Test func `tells of its changes`() async throws {
        try await withRedisServer { server in
            let states = try await withClient(server.configuration()) { redis in
                let states = redis.connectionStates
                server.kill()
                for await case .backingOff in redis.connectionStates { break }
                try await server.restart()
                try await redis.waitUntilConnected()
                return states
            }
            var seen: [String] = []
            for await state in states { seen.append("\(state)".prefix { $0 != "(" }.description) }
            #expect(seen.first == "connected")
            #expect(seen.contains("backingOff"))
            #expect(seen.suffix(2) == ["connected", "shutDown"])
        }
    }

    @Test func `ends with its service, after the replies under way`() async throws {
        try await withRedisServer { server in
            let proxy = try await CuttingProxy.start(upstream: server.socketPath)
            let client = try await withClient(server.configuration(through: proxy)) { redis in
                proxy.plan(.delay(milliseconds: 50), .toClient)
                let before = proxy.passed(.toServer)
                let last = Task { try await redis.send("INCR", "n") }
                try await eventually("it is on its way") { proxy.passed(.toServer) > before }
                return (redis, last)
            }
            #expect(try await client.1.value == .integer(1))
            #expect(await errorCode { try await client.0.send("PING") } == .shutDown)
            #expect(await errorCode { try await client.0.waitUntilConnected() } == .shutDown)
            #expect(await errorCode { try await client.0.withDedicatedConnection { _ in } } == .shutDown)
            #expect(await errorCode { try await client.0.run() } == .shutDown)
        }
    }
}

@Suite struct `A dedicated connection` {
    @Test func `waits in a blocking read until there is something`() async throws {
        try await withRedis { server, redis in
            var configuration = try server.configuration()
            configuration.commandTimeout = .milliseconds(50)
            try await withClient(configuration) { impatient in
                let read = RedisCommand("XREAD", "BLOCK", "0", "STREAMS", "s", "$")
                async let reply = impatient.withDedicatedConnection { try await $0.send(read, timeout: nil) }
                try await eventually("it blocks") { try await redis.blockedClients() == 1 }
                // Longer than the time-out of ordinary commands, which must not hold here.
                try await Task.sleep(for: .milliseconds(100))
                try await redis.send("XADD", "s", "1-1", "a", "b")
                #expect(try await reply.array?.first?.array?.first?.string == "s")
            }
        }
    }

    @Test func `returns at once when its task is cancelled, and closes`() async throws {
        try await withRedis { _, redis in
            let blocked = Task {
                try await redis.withDedicatedConnection {
                    try await $0.send(RedisCommand("XREAD", "BLOCK", "0", "STREAMS", "s", "$"), timeout: nil)
                }
            }
            try await eventually("it blocks") { try await redis.blockedClients() == 1 }
            blocked.cancel()
            let time = await ContinuousClock().measure {
                #expect(await errorCode { _ = try await blocked.value } == .cancelled)
            }
            #expect(time < .seconds(20))
            try await eventually("it is closed") { try await redis.blockedClients() == 0 }
        }
    }

    @Test func `has a time-out of its own when asked`() async throws {
        try await withRedis { _, redis in
            try await redis.withDedicatedConnection { connection in
                let read = RedisCommand("BLPOP", "none", "0")
                let code = await errorCode { _ = try await connection.send(read, timeout: .milliseconds(50)) }
                #expect(code == .outcomeUnknown)
                #expect(await errorCode { _ = try await connection.send(RedisCommand("PING")) } == .notConnected)
            }
        }
    }
}

extension RedisClient {
    fileprivate func blockedClients() async throws -> Int {
        let info = try await send("INFO", "clients").string ?? ""
        let line = info.split(whereSeparator: \.isNewline).first { $0.hasPrefix("blocked_clients:") }
        return line.flatMap { Int($0.dropFirst("blocked_clients:".count)) } ?? -1
    }
}
