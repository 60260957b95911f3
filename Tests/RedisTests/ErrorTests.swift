import NIOCore
import Redis
import TestKit
import Testing

@Suite struct `Errors of the server` {
    @Test func `are thrown with their code and Redis's own words`() async throws {
        try await withRedis { _, redis in
            try await redis.send("SET", "k", "v")
            let wrongType = await #expect(throws: RedisError.self) { try await redis.send("LPUSH", "k", "x") }
            #expect(wrongType?.code == .server(.wrongtype))
            #expect(wrongType?.message.hasPrefix("WRONGTYPE Operation against a key") == true)
            #expect(wrongType?.isServer == true && wrongType?.isRetryable == false)
            let hash = String(repeating: "0", count: 40)
            #expect(await errorCode { try await redis.send("EVALSHA", hash, "0") } == .server(.noscript))
            #expect(await errorCode { try await redis.send("NOSUCH") } == .server(.err))
            #expect(
                await errorCode { try await redis.send("EVAL", "return {err='My own'}", "0") }
                    == .server(.other("My")))
        }
    }

    @Test func `OOM says that nothing was written`() async throws {
        try await withRedis(options: ["--maxmemory", "1mb", "--maxmemory-policy", "noeviction"]) { _, redis in
            let big = String(repeating: "x", count: 200_000)
            try await eventually("it runs out of memory") {
                await errorCode { try await redis.send("RPUSH", "list", big) } == .server(.oom)
            }
            #expect(try await redis.send("PING") == .status("PONG"))
        }
    }

    @Test func `a replica is READONLY`() async throws {
        let master = try RedisServer.freePort()
        try await withRedis(options: ["--replicaof", "127.0.0.1 \(master)"]) { _, redis in
            #expect(await errorCode { try await redis.send("SET", "k", "v") } == .server(.readonly))
        }
    }

    @Test func `a script that does not end makes everybody else BUSY`() async throws {
        try await withRedis(options: ["--busy-reply-threshold", "20"]) { _, redis in
            try await redis.withDedicatedConnection { dedicated in
                let looping = Task { try await dedicated.send(RedisCommand("EVAL", "while true do end", "0")) }
                try await eventually("Redis is busy") {
                    await errorCode { try await redis.send("GET", "k") } == .server(.busy)
                }
                try await redis.send("SCRIPT", "KILL")
                let end = await #expect(throws: RedisError.self) { try await looping.value }
                #expect(end?.isServer == true)
            }
            #expect(try await redis.send("PING") == .status("PONG"))
        }
    }
}

@Suite struct `Logging in` {
    static let rules = ["--user", "default", "off", "--user", "shop", "on", ">s3 cret@%", "~*", "+@all"]

    @Test func `a user of an ACL gets in with his password`() async throws {
        try await withRedisServer(options: Self.rules) { server in
            var configuration = try server.configuration()
            configuration.username = "shop"
            configuration.password = "s3 cret@%"
            configuration.clientName = "tester"
            try await withClient(configuration) { redis async throws in
                #expect(try await redis.send("ACL", "WHOAMI").string == "shop")
                #expect(try await redis.send("CLIENT", "GETNAME").string == "tester")
            }
        }
    }

    @Test(arguments: [nil, "wrong"])
    func `without the right password nobody gets in, and is told so`(password: String?) async throws {
        try await withRedisServer(options: Self.rules) { server in
            var configuration = try server.configuration()
            configuration.username = "shop"
            configuration.password = password
            try await withClient(configuration, connected: false) { redis in
                let error = await #expect(throws: RedisError.self) { try await redis.send("PING") }
                #expect(error?.code == .connectionRefusedByServer)
                // A user without a password may be one that needs none, so Redis is asked for him, too.
                #expect(error?.message.contains("WRONGPASS") == true)
                #expect(
                    await errorCode { try await redis.withDedicatedConnection { _ in } }
                        == .connectionRefusedByServer)
            }
        }
    }

    @Test func `a password alone is the default user's`() async throws {
        try await withRedisServer(options: ["--requirepass", "secret"]) { server in
            var configuration = try server.configuration()
            configuration.password = "secret"
            try await withClient(configuration) { redis async throws in
                #expect(try await redis.send("ACL", "WHOAMI").string == "default")
            }
        }
    }

    @Test func `the database is selected, anew for each connection`() async throws {
        try await withRedis { server, redis in
            var configuration = try RedisConfiguration(url: "\(server.url)?db=3")
            configuration.backoffMinimum = .milliseconds(1)
            try await withClient(configuration) { third in
                try await third.send("SET", "where", "third")
                try await redis.send("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                try await eventually("it is back") { (try? await third.send("GET", "where").string) == "third" }
            }
            #expect(try await redis.send("GET", "where") == .null)
        }
    }

    @Test func `a database that does not exist is refused`() async throws {
        try await withRedisServer { server in
            var configuration = try server.configuration()
            configuration.database = 99
            try await withClient(configuration, connected: false) { redis in
                #expect(await errorCode { try await redis.send("PING") } == .connectionRefusedByServer)
            }
        }
    }

    @Test func `a server that is still loading its data counts as not connected`() async throws {
        try await withRedisServer(options: ["--appendonly", "yes", "--key-load-delay", "2000"]) { server in
            try await withClient(server.configuration()) { redis in
                _ = try await redis.pipeline((0..<2000).map { RedisCommand("SET", "k\($0)", "v") })
                async let restarted: Void = server.restart()
                // Nobody is handed a connection to a server that only says LOADING.
                let end = ContinuousClock.now + .seconds(6)
                while ContinuousClock.now < end {
                    #expect(await errorCode { _ = try await redis.send("DBSIZE") } != .server(.loading))
                    try await Task.sleep(for: .milliseconds(10))
                }
                try await restarted
                try await eventually("all is there again") {
                    (try? await redis.send("DBSIZE").int) == 2000
                }
            }
        }
    }
}
