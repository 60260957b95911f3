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

    // MARK: Commands

    /// A command that a script shall run: the number of its words, then they.
    mutating func command(_ words: (inout MessagePackArray) -> Void) {
        let size = reserve()
        let start = count
        words(&self)
        fill(size, count - start)
    }

    mutating func command(_ name: String, _ key: String, _ argument: String) {
        append(3)
        append(name)
        append(key)
        append(argument)
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
        elements.writeWithUnsafeMutableBytes(minimumWritableBytes: bytes.count + 5) { target in
            let start = Self.writeHeader(of: bytes.count, to: target)
            UnsafeMutableRawBufferPointer(rebasing: target[start...]).copyMemory(from: bytes)
            return start + bytes.count
        }
    }

    /// - Returns: how many bytes it has.
    private static func writeHeader(of count: Int, to target: UnsafeMutableRawBufferPointer) -> Int {
        switch count {
        case ..<32:
            target[0] = 0xA0 | UInt8(count)
            return 1
        case ..<(1 << 16):
            target[0] = 0xDA
            target.storeBytes(of: UInt16(count).bigEndian, toByteOffset: 1, as: UInt16.self)
            return 3
        default:
            target[0] = 0xDB
            target.storeBytes(of: UInt32(count).bigEndian, toByteOffset: 1, as: UInt32.self)
            return 5
        }
    }
}
