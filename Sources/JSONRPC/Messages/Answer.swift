import JSON

/// The texts of answers.
enum Answer {
    static func result(_ value: JSONValue, id: JSONRPCID) -> [UInt8] {
        write(id) { writer in
            writer.key("result")
            writer.write(value)
        }
    }

    static func result(text: [UInt8], id: JSONRPCID) -> [UInt8] {
        write(id, reserving: text.count + 64) { writer in
            writer.key("result")
            writer.raw(onOneLine(text))
        }
    }

    static func error(_ error: JSONRPCError, id: JSONRPCID) -> [UInt8] {
        write(id) { writer in
            writer.key("error")
            error.write(to: &writer)
        }
    }

    static func batch(_ answers: [[UInt8]]) -> [UInt8] {
        var writer = JSONWriter(reserving: answers.reduce(2) { $0 + $1.count + 1 })
        writer.array { writer in for answer in answers { writer.raw(answer) } }
        return writer.bytes
    }

    /// What stands before the chunks of a streamed result.
    static let streamHead = Array(#"{"jsonrpc":"2.0","result":"#.utf8)

    /// What stands after them.
    static func streamTail(_ id: JSONRPCID) -> [UInt8] { Array(#","id":"#.utf8) + id.value.bytes + Array("}".utf8) }

    /// In JSON a bare line break can only be space between tokens, so a blank says the same.
    static func onOneLine(_ text: [UInt8]) -> [UInt8] {
        guard text.contains(where: isLineBreak) else { return text }
        return text.map { isLineBreak($0) ? UInt8(ascii: " ") : $0 }
    }

    private static func isLineBreak(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    private static func write(
        _ id: JSONRPCID, reserving capacity: Int = 128, _ content: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter(reserving: capacity)
        writer.object { writer in
            writer.member("jsonrpc", "2.0")
            content(&writer)
            writer.key("id")
            writer.write(id.value)
        }
        return writer.bytes
    }
}
