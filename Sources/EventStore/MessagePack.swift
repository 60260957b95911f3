import NIOCore

/// A flat MessagePack array that is being written: what a script takes apart by `cmsgpack.unpack`, in one go and with
/// its numbers as numbers.
struct MessagePackArray {
    private(set) var count = 0
    private(set) var elements: ByteBuffer

    init(capacity: Int = 0) { elements = ByteBuffer(); elements.reserveCapacity(capacity) }

    mutating func append(_ text: String) {
        count += 1
        var text = text
        text.withUTF8 { write(UnsafeRawBufferPointer($0)) }
    }

    mutating func append(_ bytes: [UInt8]) {
        count += 1
        bytes.withUnsafeBytes { write($0) }
    }

    mutating func append(_ number: Int) {
        count += 1
        if 0..<128 ~= number {
            elements.writeInteger(UInt8(number))
        } else {
            elements.writeMultipleIntegers(0xD3 as UInt8, Int64(number))
        }
    }

    mutating func append(_ others: MessagePackArray) {
        count += others.count
        elements.writeImmutableBuffer(others.elements)
    }

    // MARK: Numbers that are not known yet

    struct Place { fileprivate let offset: Int }

    /// Leaves room for a number.
    mutating func reserve() -> Place {
        count += 1
        defer { elements.writeMultipleIntegers(0xD2 as UInt8, 0 as Int32) }
        return Place(offset: elements.writerIndex + 1)
    }

    mutating func fill(_ place: Place, _ number: Int) {
        elements.setInteger(Int32(number), at: place.offset)
    }

    // MARK: Bytes

    /// The whole array, with the header that says how long it is.
    var bytes: ByteBuffer {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(elements.readableBytes + 5)
        bytes.writeMultipleIntegers(0xDD as UInt8, UInt32(count))
        bytes.writeImmutableBuffer(elements)
        return bytes
    }

    private mutating func write(_ bytes: UnsafeRawBufferPointer) {
        switch bytes.count {
        case ..<32: elements.writeInteger(0xA0 | UInt8(bytes.count))
        case ..<(1 << 16): elements.writeMultipleIntegers(0xDA as UInt8, UInt16(bytes.count))
        default: elements.writeMultipleIntegers(0xDB as UInt8, UInt32(bytes.count))
        }
        elements.writeBytes(bytes)
    }
}
