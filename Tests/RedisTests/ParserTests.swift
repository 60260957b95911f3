import NIOCore
import Testing

@testable import Redis

@Suite struct `The reply parser` {
    static let wire =
        "+OK\r\n:-9223372036854775808\r\n$-1\r\n*-1\r\n*0\r\n$0\r\n\r\n$4\r\n\r\n\0x\r\n-ERR no\r\n"
        + "*3\r\n*2\r\n$1\r\na\r\n*1\r\n:7\r\n-MOVED 1 h:1\r\n*2\r\n$-1\r\n+q\r\n"
    static let values: [RedisValue] = [
        .status("OK"), .integer(.min), .null, .null, .array([]), .bulk(ByteBuffer()),
        .bulk(ByteBuffer(string: "\r\n\0x")), .error(RedisError(.server(.err), "ERR no")),
        .array([
            .array([.bulk(ByteBuffer(string: "a")), .array([.integer(7)])]),
            .error(RedisError(.server(.moved), "MOVED 1 h:1")),
            .array([.null, .status("q")]),
        ]),
    ]

    @Test func `reads replies however the wire has cut them up`() throws {
        for size in 1...Self.wire.utf8.count {
            let parser = try ReplyParser()
            var replies: [RedisValue] = []
            var rest = ByteBuffer(string: Self.wire)
            while let piece = rest.readSlice(length: min(size, rest.readableBytes)), piece.readableBytes > 0 {
                #expect(parser.parse(piece, into: &replies) == nil)
            }
            #expect(replies == Self.values, "in pieces of \(size) bytes")
        }
    }

    @Test(arguments: ["HTTP/1.1 400\r\n", ":12x\r\n", "$-2\r\n", String(repeating: "*1\r\n", count: 20)])
    func `gives whole replies before it reports what is not RESP2`(garbage: String) throws {
        let parser = try ReplyParser()
        var replies: [RedisValue] = []
        let violation = parser.parse(ByteBuffer(string: "+OK\r\n" + garbage), into: &replies)
        #expect(replies == [.status("OK")])
        #expect(violation?.code == .protocolViolation)
    }

    @Test func `a value takes three words`() {
        #expect(MemoryLayout<RedisValue>.size <= 24)
    }
}

@Suite struct `The back-off` {
    struct Highest: RandomNumberGenerator {
        mutating func next() -> UInt64 { .max }
    }
    struct Lowest: RandomNumberGenerator {
        mutating func next() -> UInt64 { 0 }
    }

    @Test func `doubles its ceiling up to the maximum, and begins anew after a success`() {
        var backoff = Backoff(minimum: .milliseconds(20), maximum: .seconds(1))
        var highest = Highest()
        let pauses = (0..<8).map { _ in backoff.next(using: &highest) }
        let expected: [Int] = [20, 40, 80, 160, 320, 640, 1000, 1000]
        for (pause, limit) in zip(pauses, expected) {
            #expect(pause > .milliseconds(limit - 1) && pause <= .milliseconds(limit))
        }
        backoff.reset()
        #expect(backoff.next(using: &highest) <= .milliseconds(20))
    }

    @Test func `never pauses for less than the minimum`() {
        var backoff = Backoff(minimum: .milliseconds(20), maximum: .seconds(1))
        var lowest = Lowest()
        for _ in 0..<200 { #expect(backoff.next(using: &lowest) == .milliseconds(20)) }
    }
}
