import CHiredis
import NIOCore

/// hiredis's reader, taught to make our values rather than its own.
///
/// hiredis calls back for each element in the order of the wire. The callbacks note it in a flat list and copy its
/// bytes into one arena; only when the reply is whole are the values built, as slices of the arena. So a reply of
/// thousands of strings costs one buffer, and nothing is copied on write. No C pointer leaves this file.
///
/// Not `Sendable`: belongs to the event loop of its connection.
final class ReplyParser {
    private enum Token {
        case null
        case integer(Int64)
        case status(String)
        case error(String)
        case bulk(offset: Int, count: Int)
        case array(count: Int)
    }

    private let reader: UnsafeMutablePointer<redisReader>
    private let callbacks: UnsafeMutablePointer<redisReplyObjectFunctions>
    private var tokens: [Token] = []
    private var arena = ByteBuffer()

    /// Throws `protocolViolation` when hiredis has no memory for a reader.
    init() throws(RedisError) {
        callbacks = .allocate(capacity: 1)
        callbacks.initialize(to: Self.makeCallbacks())
        guard let reader = redisReaderCreateWithFunctions(callbacks) else {
            callbacks.deallocate()
            throw RedisError(.protocolViolation, "hiredis could not make a reader: out of memory")
        }
        self.reader = reader
        // Keep a buffer that a big reply has grown, rather than growing it anew for the next one.
        reader.pointee.maxbuf = 1 << 20
        // Unretained: the reader calls back only from within `parse`, and dies with this object.
        reader.pointee.privdata = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit {
        redisReaderFree(reader)
        callbacks.deallocate()
    }

    /// Takes in `bytes` and appends every reply that they complete; returns what ends the conversation, if anything.
    func parse(_ bytes: ByteBuffer, into replies: inout [RedisValue]) -> RedisError? {
        let isValid = bytes.withUnsafeReadableBytes { raw in
            // In bites, because hiredis moves all that is left in its buffer after each kilobyte of replies.
            stride(from: 0, to: raw.count, by: Self.bite).allSatisfy { start in
                feed(UnsafeRawBufferPointer(rebasing: raw[start..<min(start + Self.bite, raw.count)]), &replies)
            }
        }
        return isValid ? nil : violation
    }

    private var violation: RedisError {
        let reason = withUnsafeBytes(of: reader.pointee.errstr) { text in
            String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
        }
        return RedisError(.protocolViolation, "the server does not speak RESP2: \(reason)")
    }

    private static let bite = 16 << 10

    private func feed(_ bytes: UnsafeRawBufferPointer, _ replies: inout [RedisValue]) -> Bool {
        guard redisReaderFeed(reader, bytes.bindMemory(to: CChar.self).baseAddress, bytes.count) == REDIS_OK
        else { return false }
        while true {
            var reply: UnsafeMutableRawPointer?
            guard redisReaderGetReply(reader, &reply) == REDIS_OK else { return false }
            if reply == nil { return true }
            replies.append(takeReply())
        }
    }

    private func takeReply() -> RedisValue {
        var index = 0
        let value = build(&index)
        tokens.removeAll(keepingCapacity: true)
        arena = ByteBuffer()
        return value
    }

    private func build(_ index: inout Int) -> RedisValue {
        let token = tokens[index]
        index += 1
        switch token {
        case .null: return .null
        case .integer(let number): return .integer(number)
        case .status(let text): return .status(text)
        case .error(let text): return .error(.server(reply: text))
        case .bulk(let offset, let count):
            return .bulk(arena.getSlice(at: offset, length: count) ?? ByteBuffer())
        case .array(let count):
            var elements: [RedisValue] = []
            elements.reserveCapacity(count)
            for _ in 0..<count { elements.append(build(&index)) }
            return .array(elements)
        }
    }

    private func note(type: Int32, bytes: UnsafeRawBufferPointer) {
        switch type {
        case REDIS_REPLY_STATUS: tokens.append(.status(String(decoding: bytes, as: UTF8.self)))
        case REDIS_REPLY_ERROR: tokens.append(.error(String(decoding: bytes, as: UTF8.self)))
        default:
            tokens.append(.bulk(offset: arena.writerIndex, count: bytes.count))
            arena.writeBytes(bytes)
        }
    }

    // MARK: What hiredis calls

    private static func makeCallbacks() -> redisReplyObjectFunctions {
        var callbacks = redisReplyObjectFunctions()
        callbacks.createString = { task, bytes, count in
            withParser(of: task) {
                $0.note(type: $1, bytes: UnsafeRawBufferPointer(start: bytes, count: Int(count)))
            }
        }
        callbacks.createArray = { task, count in
            withParser(of: task) { parser, _ in parser.tokens.append(.array(count: Int(count))) }
        }
        callbacks.createInteger = { task, number in
            withParser(of: task) { parser, _ in parser.tokens.append(.integer(number)) }
        }
        callbacks.createNil = { task in withParser(of: task) { parser, _ in parser.tokens.append(.null) } }
        callbacks.freeObject = { _ in }
        return callbacks
    }
}

/// Hands the parser and the element's type to `body`; returns what hiredis takes for the object that was made:
/// it only wants to see that it is not nil.
private func withParser(
    of task: UnsafePointer<redisReadTask>?, _ body: (ReplyParser, Int32) -> Void
) -> UnsafeMutableRawPointer? {
    guard let task, let context = task.pointee.privdata else { return nil }
    body(Unmanaged<ReplyParser>.fromOpaque(context).takeUnretainedValue(), task.pointee.type)
    return UnsafeMutableRawPointer(bitPattern: 1)
}
