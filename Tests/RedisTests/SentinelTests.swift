import Redis
import TestKit
import Testing

@Suite(.timeLimit(.minutes(4))) struct `A client of Sentinels` {
    @Test func `finds the primary, and follows when another is promoted`() async throws {
        try await withRedisSentinels { sentinels async throws in
            let first = try await sentinels.primary()
            try await withClient(try configuration(sentinels.url)) { redis async throws in
                #expect("\(redis.address)" == "127.0.0.1:\(first.port)")
                #expect(try await redis.send("INCR", "n").int == 1)
                try await sentinels.nodes[1].waitUntilCaughtUp(with: first)
                let blocked = Task {
                    try await redis.withDedicatedConnection {
                        try await $0.send(RedisCommand("BLPOP", "none", "0"), timeout: nil)
                    }
                }
                try await sentinels.failOver()
                try await eventually("it is with the other") {
                    "\(redis.address)" != "127.0.0.1:\(first.port)" && redis.isConnected
                }
                try await eventually("it is served") { try await redis.send("GET", "n").int == 1 }
                #expect(try await redis.send("INCR", "n").int == 2)
                // What waited at the old one does not wait for ever.
                #expect(await errorCode { _ = try await blocked.value } == .outcomeUnknown)
                try await redis.withDedicatedConnection { connection async throws in
                    #expect(try await connection.send(RedisCommand("ROLE")).array?.first?.string == "master")
                }
            }
        }
    }

    @Test func `finds the replica that was promoted for a primary that was killed`() async throws {
        try await withRedisSentinels { sentinels async throws in
            let first = try await sentinels.primary()
            try await withClient(try configuration(sentinels.url)) { redis async throws in
                try await redis.send("SET", "k", "v")
                try await sentinels.nodes[1].waitUntilCaughtUp(with: first)
                first.server.kill()
                try await eventually("it is served again") {
                    try await redis.send("SET", "k", "w") == .status("OK")
                }
                #expect("\(redis.address)" == "127.0.0.1:\(sentinels.nodes[1].port)")
            }
        }
    }

    @Test func `asks the next Sentinel when one is down`() async throws {
        try await withRedisSentinels { sentinels async throws in
            sentinels.killSentinel(0)
            try await withClient(try configuration(sentinels.url)) { redis async throws in
                #expect(try await redis.send("PING") == .status("PONG"))
            }
        }
    }

    @Test func `never takes a replica for the primary, though a Sentinel says so`() async throws {
        try await withRedisSentinels { sentinels async throws in
            // One Sentinel alone cannot put anything right, and goes on naming the one it knows.
            sentinels.killSentinel(1)
            sentinels.killSentinel(2)
            let (first, second) = (sentinels.nodes[0], sentinels.nodes[1])
            try await second.run("REPLICAOF", "NO", "ONE")
            try await first.run("REPLICAOF", "127.0.0.1", "\(second.port)")
            try await withClient(try configuration(sentinels.url), connected: false) { redis async throws in
                let error = await #expect(throws: RedisError.self) { try await redis.send("SET", "k", "v") }
                #expect(error?.code == .notConnected)
                #expect(error?.message.contains("no primary now but a slave") == true)
                try await first.run("REPLICAOF", "NO", "ONE")
                try await eventually("it is the primary again") {
                    try await redis.send("SET", "k", "v") == .status("OK")
                }
            }
        }
    }

    @Test func `logs in to the Sentinels with their own password`() async throws {
        let rules = ["--user", "shop", "on", ">data", "~*", "+@all"]
        try await withRedisSentinels(options: rules, password: "watch") { sentinels async throws in
            var configuration = try configuration(sentinels.url)
            configuration.username = "shop"
            configuration.password = "data"
            try await expect(configuration, .connectionRefusedByServer)
            configuration.sentinelPassword = "watch"
            try await withClient(configuration) { redis async throws in
                #expect(try await redis.send("ACL", "WHOAMI").string == "shop")
            }
        }
    }

    @Test func `a name that they do not know is named`() async throws {
        try await withRedisSentinels { sentinels async throws in
            let url = sentinels.url.replacing("/shop", with: "/shoe")
            try await withClient(try configuration(url), connected: false) { redis async throws in
                let error = await #expect(throws: RedisError.self) { try await redis.send("PING") }
                #expect(error?.code == .notConnected)
                #expect(error?.message.contains("no primary shoe") == true)
            }
        }
    }

    private func expect(_ configuration: RedisConfiguration, _ code: RedisError.Code) async throws {
        try await withClient(configuration, connected: false) { redis async throws in
            #expect(await errorCode { try await redis.send("PING") } == code)
        }
    }

    private func configuration(_ url: String) throws -> RedisConfiguration {
        var configuration = try RedisConfiguration(url: url)
        configuration.backoffMinimum = .milliseconds(1)
        configuration.backoffMaximum = .milliseconds(50)
        return configuration
    }
}
