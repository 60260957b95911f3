import NIOCore
import Redis
import TestKit
import Testing

@Suite struct `Replies` {
    @Test func `every type of reply arrives as what it is`() async throws {
        try await withRedis { _, redis async throws in
            #expect(try await redis.send("SET", "k", "v") == .status("OK"))
            #expect(try await redis.send("GET", "k") == .bulk(ByteBuffer(string: "v")))
            #expect(try await redis.send("GET", "none") == .null)
            #expect(try await redis.send("SET", "empty", "") == .status("OK"))
            #expect(try await redis.send("GET", "empty") == .bulk(ByteBuffer()))
            #expect(try await redis.send("INCR", "n") == .integer(1))
            #expect(try await redis.send("GET", "n").int == 1)
            #expect(try await redis.send("LRANGE", "none", "0", "-1") == .array([]))
            #expect(try await redis.send("XREAD", "STREAMS", "none", "0").isNull)
        }
    }

    @Test func `integers reach to both ends of 64 bits`() async throws {
        try await withRedis { _, redis async throws in
            for number in [Int64.max, Int64.min, 0, -1] {
                #expect(try await redis.send("INCRBY", "n\(number)", "\(number)") == .integer(number))
            }
        }
    }

    @Test func `arrays nest, and hold errors, nils and empty arrays in their places`() async throws {
        let script = "return {1, {'a', {false, {}}}, {err='MINE it is'}, {ok='FINE'}, 'z'}"
        try await withRedis { _, redis in
            let reply = try await redis.send("EVAL", script, "0")
            let parts = try #require(reply.array)
            #expect(parts.count == 5)
            #expect(parts[0] == .integer(1))
            #expect(parts[1] == .array([.bulk(ByteBuffer(string: "a")), .array([.null, .array([])])]))
            #expect(parts[2].error == RedisError(.server(.other("MINE")), "MINE it is"))
            #expect(parts[3] == .status("FINE"))
            #expect(parts[4].string == "z")
        }
    }

    @Test func `strings of any bytes and any size come back as they went`() async throws {
        try await withRedis { _, redis in
            for size in [1, 255, 16_383, 16_384, 100_000, 3_000_000] {
                let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                var command = RedisCommand("SET", "bytes")
                command.append(bytes: bytes)
                _ = try await redis.send(command)
                let reply = try await redis.send("GET", "bytes")
                #expect(reply.buffer.map { Array($0.readableBytesView) == bytes } == true, "\(size) bytes")
            }
        }
    }

    @Test func `each way to append an argument puts it as one argument`() async throws {
        var command = RedisCommand("RPUSH", "list")
        command.append("text\r\n")
        command.append(ByteBuffer(bytes: [0, 255]))
        command.append(bytes: AnyCollection([13, 10]))
        command.append(Int.min)
        command.append("")
        #expect(command.argumentCount == 7)
        try await withRedis { [command] _, redis in
            #expect(try await redis.send(command).int == 5)
            let elements = try #require(try await redis.send("LRANGE", "list", "0", "-1").array)
            #expect(
                elements.map { $0.buffer.map { Array($0.readableBytesView) } } == [
                    Array("text\r\n".utf8), [0, 255], [13, 10], Array("\(Int.min)".utf8), [],
                ])
        }
    }

    @Test func `a thousand entries come in one reply, in order`() async throws {
        try await withRedis { _, redis in
            let adds = (1...1000).map { RedisCommand("XADD", "s", "\($0)-1", "n", "\($0)") }
            #expect(try await redis.pipeline(adds).map(\.string) == (1...1000).map { "\($0)-1" })
            let reply = try await redis.send("XREAD", "COUNT", "1000", "STREAMS", "s", "0")
            let entries = try #require(reply.array?.first?.array?.last?.array)
            #expect(entries.map { $0.array?[1].array?[1].int } == (1...1000).map { Int64($0) })
        }
    }

    @Test func `in a pipeline an error stands in its place and the rest goes on`() async throws {
        try await withRedis { _, redis in
            let replies = try await redis.pipeline([
                RedisCommand("SET", "k", "v"), RedisCommand("LPUSH", "k", "x"), RedisCommand("GET", "k"),
            ])
            #expect(replies[0] == .status("OK"))
            #expect(replies[1].error?.serverCode == .wrongtype)
            #expect(replies[2].string == "v")
            #expect(try await redis.pipeline([]).isEmpty)
        }
    }

    @Test func `64 tasks share the connection and each gets its own replies, in order`() async throws {
        try await withRedis { _, redis in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<64 {
                    group.addTask {
                        for call in 1...500 {
                            if call % 2 == 0 {
                                let reply = try await redis.send("INCR", "n\(task)")
                                #expect(reply == .integer(Int64(call / 2)))
                            } else {
                                let reply = try await redis.send("ECHO", "\(task):\(call)")
                                #expect(reply.string == "\(task):\(call)")
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
