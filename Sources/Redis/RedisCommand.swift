public import NIOCore

/// A command already encoded as RESP: every argument goes straight into one buffer.
///
///     var command = RedisCommand("XADD", "events", "*")
///     command.append("entity")
///     command.append(json)
public struct RedisCommand: Sendable {
    /// The arguments as RESP bulk strings, without the header that says how many there are.
    private var encoded: ByteBuffer
    /// How many arguments there are, the command's name included.
    public private(set) var argumentCount = 0
    /// For a script that touches keys which it does not declare: in a cluster it is not sent to a node that has only
    /// got some of the slot's keys so far, but waits until the slot has moved.
    public var needsWholeSlot = false

    /// - Parameter name: the command's name, such as `XADD`; the first argument on the wire.
    public init(_ name: String, _ arguments: String...) {
        self.init(name, arguments: arguments)
    }

    /// - Parameter capacity: bytes to set aside for arguments that will be appended.
    public init(_ name: String, arguments: some Collection<String>, capacity: Int = 0) {
        let size = arguments.reduce(name.utf8.count + 16) { $0 + $1.utf8.count + 16 }
        encoded = ByteBufferAllocator().buffer(capacity: size + capacity)
        append(name)
        for argument in arguments { append(argument) }
    }

    /// Appends the UTF-8 bytes of `argument`.
    public mutating func append(_ argument: String) {
        var argument = argument
        argument.withUTF8 { encoded.writeBulkString(UnsafeRawBufferPointer($0)) }
        argumentCount += 1
    }

    /// Appends the readable bytes of `argument`.
    public mutating func append(_ argument: ByteBuffer) {
        argument.withUnsafeReadableBytes { encoded.writeBulkString($0) }
        argumentCount += 1
    }

    /// Appends raw bytes.
    public mutating func append(bytes: some Collection<UInt8>) {
        let done: Void? = bytes.withContiguousStorageIfAvailable {
            encoded.writeBulkString(UnsafeRawBufferPointer($0))
        }
        if done == nil { Array(bytes).withUnsafeBytes { encoded.writeBulkString($0) } }
        argumentCount += 1
    }

    /// Appends `argument` in decimal.
    public mutating func append(_ argument: Int) {
        append(String(argument))
    }

    /// The size on the wire without the header, in bytes.
    var encodedSize: Int { encoded.readableBytes }

    /// Writes the whole command, ready for the wire.
    func write(to buffer: inout ByteBuffer) {
        buffer.writeRESPHeader(UInt8(ascii: "*"), argumentCount)
        buffer.writeImmutableBuffer(encoded)
    }
}
