import Glibc
public import NIOCore

/// The place of an event in the one order of a shop: unix seconds and microseconds, issued inside Redis.
///
/// Sorting by id gives the order in which things happened, across all streams.
public struct EventID: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let seconds: UInt64
    public let microseconds: UInt64

    public static let zero = EventID(seconds: 0, microseconds: 0)

    public init(seconds: UInt64, microseconds: UInt64) {
        self.seconds = seconds
        self.microseconds = microseconds
    }

    /// Reads `1548699679-211658`, the form that Redis prints; nil for anything else.
    public init?(_ text: some StringProtocol) { self.init(digits: text.utf8) }

    /// The same from its bytes.
    public init?(_ bytes: ByteBuffer) { self.init(digits: bytes.readableBytesView) }

    /// By hand: every event that is read has one or two of them.
    private init?(digits: some Sequence<UInt8>) {
        var parts: (UInt64, UInt64) = (0, 0)
        var counts = (0, 0)
        var isBehindDash = false
        for byte in digits {
            if byte == UInt8(ascii: "-") {
                if isBehindDash { return nil }
                isBehindDash = true
                continue
            }
            let digit = UInt64(byte &- UInt8(ascii: "0"))
            guard digit < 10 else { return nil }
            if isBehindDash {
                guard Self.append(digit, to: &parts.1) else { return nil }
                counts.1 += 1
            } else {
                guard Self.append(digit, to: &parts.0) else { return nil }
                counts.0 += 1
            }
        }
        guard counts.0 > 0, counts.1 > 0 else { return nil }
        self.init(seconds: parts.0, microseconds: parts.1)
    }

    private static func append(_ digit: UInt64, to number: inout UInt64) -> Bool {
        let (product, isOver) = number.multipliedReportingOverflow(by: 10)
        let (sum, isOverToo) = product.addingReportingOverflow(digit)
        number = sum
        return !isOver && !isOverToo
    }

    /// By hand: every event that is written or read has some.
    public var description: String {
        String(unsafeUninitializedCapacity: 41) { buffer in
            var end = Self.write(seconds, to: buffer, from: 0)
            buffer[end] = UInt8(ascii: "-")
            end = Self.write(microseconds, to: buffer, from: end + 1)
            return end
        }
    }

    /// - Returns: where it ends.
    private static func write(
        _ number: UInt64, to buffer: UnsafeMutableBufferPointer<UInt8>, from start: Int
    ) -> Int {
        var (rest, end) = (number, start)
        repeat {
            buffer[end] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            end += 1
        } while rest > 0
        var digits = UnsafeMutableBufferPointer(rebasing: buffer[start..<end])
        digits.reverse()
        return end
    }

    /// The last id that can stand before this one.
    public var predecessor: EventID {
        if microseconds > 0 { return EventID(seconds: seconds, microseconds: microseconds - 1) }
        return seconds > 0 ? EventID(seconds: seconds - 1, microseconds: .max) : .zero
    }

    /// The first id that can stand behind this one.
    public var successor: EventID { EventID(seconds: seconds, microseconds: microseconds + 1) }

    /// The place of an event that would be appended now, by this machine's clock.
    public static var now: EventID {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return EventID(seconds: UInt64(max(0, now.tv_sec)), microseconds: UInt64(max(0, now.tv_nsec / 1_000)))
    }

    /// The place of an event so much earlier.
    public func earlier(by duration: Duration) -> EventID {
        let (seconds, attoseconds) = duration.components
        let back = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        let score = Int64(clamping: score) - back
        return score <= 0
            ? .zero : EventID(seconds: UInt64(score) / 1_000_000, microseconds: UInt64(score) % 1_000_000)
    }

    /// The place of an event so much later.
    public func later(by duration: Duration) -> EventID { earlier(by: .zero - duration) }

    /// The same as one number, microseconds: what sorted sets sort by. Exact in a double until the year 2255.
    public var score: UInt64 { seconds * 1_000_000 + microseconds }

    public static func < (left: EventID, right: EventID) -> Bool {
        (left.seconds, left.microseconds) < (right.seconds, right.microseconds)
    }
}

/// A random UUID, version 4, lower case: what events and entities are named by.
public enum UUIDText {
    public static func random() -> String {
        let (high, low) = RandomWords.take()
        return format(high & 0xFFFF_FFFF_FFFF_0FFF | 0x4000, low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }

    /// A UUID that is always the same for the same parts (their FNV-1a digest).
    public static func stable(_ parts: String...) -> String {
        var digest = FNV1a()
        for part in parts {
            digest.add(part.utf8)
            digest.add(CollectionOfOne(0))
        }
        let (high, low) = digest.words
        return format(high & 0xFFFF_FFFF_FFFF_0FFF | 0x4000, low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }

    /// 128 bits: enough to tell effects apart; it keeps no secret.
    private struct FNV1a {
        private var value: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d

        mutating func add(_ bytes: some Sequence<UInt8>) {
            for byte in bytes { value = (value ^ UInt128(byte)) &* 0x0000_0000_0100_0000_0000_0000_0000_013B }
        }

        var words: (UInt64, UInt64) { (UInt64(truncatingIfNeeded: value >> 64), UInt64(truncatingIfNeeded: value)) }
    }

    /// Whether the text is a UUID in its canonical form: lower case.
    public static func isValid(_ text: String) -> Bool {
        let bytes = text.utf8
        guard bytes.count == 36 else { return false }
        return bytes.enumerated().allSatisfy { index, byte in
            [8, 13, 18, 23].contains(index)
                ? byte == UInt8(ascii: "-")
                : (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
        }
    }

    private static func format(_ high: UInt64, _ low: UInt64) -> String {
        let digits = StaticString("0123456789abcdef")
        return String(unsafeUninitializedCapacity: 36) { buffer in
            var position = 0
            for index in 0..<32 {
                if [8, 12, 16, 20].contains(index) {
                    buffer[position] = UInt8(ascii: "-")
                    position += 1
                }
                let word = index < 16 ? high : low
                let nibble = Int(word >> UInt64(60 - 4 * (index % 16)) & 15)
                buffer[position] = digits.utf8Start[nibble]
                position += 1
            }
            return position
        }
    }
}
