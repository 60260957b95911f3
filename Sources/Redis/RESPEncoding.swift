import NIOCore

extension ByteBuffer {
    /// Writes `$<count>\r\n<bytes>\r\n`, growing at most once.
    mutating func writeBulkString(_ bytes: UnsafeRawBufferPointer) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: bytes.count + 32) { room in
            let header = putRESPHeader(UInt8(ascii: "$"), bytes.count, into: room)
            let body = UnsafeMutableRawBufferPointer(rebasing: room[header...])
            body.copyMemory(from: bytes)
            body[bytes.count] = UInt8(ascii: "\r")
            body[bytes.count + 1] = UInt8(ascii: "\n")
            return header + bytes.count + 2
        }
    }

    /// Writes `<marker><number>\r\n`.
    mutating func writeRESPHeader(_ marker: UInt8, _ number: Int) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: 32) { putRESPHeader(marker, number, into: $0) }
    }
}

/// Puts `<marker><number>\r\n` at the start of `room`, which holds 32 bytes or more; returns how many it took.
/// By hand, because this runs once per argument of every command.
private func putRESPHeader(_ marker: UInt8, _ number: Int, into room: UnsafeMutableRawBufferPointer) -> Int {
    var digits = 1
    var rest = number / 10
    while rest > 0 {
        digits += 1
        rest /= 10
    }
    room[0] = marker
    rest = number
    for index in stride(from: digits, to: 0, by: -1) {
        room[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
    }
    room[digits + 1] = UInt8(ascii: "\r")
    room[digits + 2] = UInt8(ascii: "\n")
    return digits + 3
}
