import Glibc

/// A command as a client sent it, to be sent again by another: heard from Redis by MONITOR.
struct CapturedCall: Sendable {
    let words: [[UInt8]]

    /// - Parameters:
    ///   - name: of the command.
    ///   - work: sends it.
    static func hear(
        _ name: String, on redis: RedisUnderTest, while work: @Sendable () async throws -> Void
    ) async throws -> CapturedCall {
        let monitor = try UnixConnection(redis.socket)
        try monitor.send(Array("MONITOR\r\n".utf8))
        guard try monitor.receive().starts(with: Array("+OK".utf8)) else {
            throw BenchError("Redis has refused a MONITOR")
        }
        try await work()
        return try await onThread {
            var lines = Lines(monitor)
            while true {
                let words = Self.words(of: try lines.next())
                if words.first == Array(name.utf8) { return CapturedCall(words: words) }
            }
        }
    }

    /// Sends it again and again on one connection, each time after the answer to the one before.
    /// - Parameter end: the last bytes of every answer.
    /// - Returns: calls a second.
    func rate(_ count: Int, on redis: RedisUnderTest, answersEndWith end: [UInt8]) async throws -> Double {
        let connection = try UnixConnection(redis.socket)
        return try await onThread {
            let start = now()
            for _ in 0..<count {
                try connection.send(bytes)
                while try !connection.receive().suffix(end.count).elementsEqual(end) {}
            }
            return Double(count) / (Double(now() - start) / 1e9)
        }
    }

    private var bytes: [UInt8] {
        words.reduce(into: Array("*\(words.count)\r\n".utf8)) { bytes, word in
            bytes += Array("$\(word.count)\r\n".utf8) + word + Array("\r\n".utf8)
        }
    }

    /// What stands in quotes, without the escapes that Redis writes.
    private static func words(of line: [UInt8]) -> [[UInt8]] {
        var words: [[UInt8]] = []
        var word: [UInt8]?
        var bytes = line[...]
        while let byte = bytes.popFirst() {
            switch (byte, word) {
            case (UInt8(ascii: "\""), nil): word = []
            case (UInt8(ascii: "\""), let whole?):
                words.append(whole)
                word = nil
            case (UInt8(ascii: "\\"), .some): word?.append(unescaped(&bytes))
            case (_, .some): word?.append(byte)
            case (_, nil): break
            }
        }
        return words
    }

    private static func unescaped(_ bytes: inout ArraySlice<UInt8>) -> UInt8 {
        switch bytes.popFirst() {
        case UInt8(ascii: "n"): return 10
        case UInt8(ascii: "r"): return 13
        case UInt8(ascii: "t"): return 9
        case UInt8(ascii: "a"): return 7
        case UInt8(ascii: "b"): return 8
        case UInt8(ascii: "x"):
            let digits = String(decoding: bytes.prefix(2), as: UTF8.self)
            bytes = bytes.dropFirst(2)
            return UInt8(digits, radix: 16) ?? 0
        case let byte: return byte ?? 0
        }
    }
}
