public import NIOCore

/// One reply of Redis (RESP2).
public enum RedisValue: Sendable, Equatable {
    /// A nil bulk string or a nil array: RESP2's two ways to say "nothing".
    case null
    case integer(Int64)
    /// A status line, such as `OK`.
    case status(String)
    /// A binary-safe string. All bulk strings of one reply are slices of one buffer: keeping one of them keeps
    /// the memory of the whole reply, so copy what is to live long.
    case bulk(ByteBuffer)
    case array([RedisValue])
    /// An error reply within an array or a pipeline. Indirect, to keep a value at three words.
    indirect case error(RedisError)

    /// The text of a bulk string or a status, read as UTF-8, repairing what is not; nil for any other type.
    public var string: String? {
        switch self {
        case .bulk(let buffer): String(decoding: buffer.readableBytesView, as: UTF8.self)
        case .status(let text): text
        case .null, .integer, .array, .error: nil
        }
    }

    /// The number of an integer reply, or of a bulk string that is one in decimal (as `GET` of a counter).
    public var int: Int64? {
        switch self {
        case .integer(let number): number
        case .bulk(let buffer): Int64(String(decoding: buffer.readableBytesView, as: UTF8.self))
        case .null, .status, .array, .error: nil
        }
    }

    /// The bytes of a bulk string.
    public var buffer: ByteBuffer? {
        if case .bulk(let buffer) = self { buffer } else { nil }
    }

    /// The elements of an array.
    public var array: [RedisValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The error of an error reply.
    public var error: RedisError? {
        if case .error(let error) = self { error } else { nil }
    }

    public var isNull: Bool { self == .null }
}
