/// The name of a trace: 128 bits, written as 32 lower-case hexadecimal digits.
public struct TraceID: Sendable, Hashable, CustomStringConvertible {
    let high: UInt64
    let low: UInt64

    /// nil for all zero, which names nothing, and for what is not 32 digits.
    public init?(_ text: some StringProtocol) {
        self.init(digits: Array(text.utf8)[...])
    }

    init?(digits: ArraySlice<UInt8>) {
        guard digits.count == 32, let high = UInt64(hexDigits: digits.prefix(16)),
            let low = UInt64(hexDigits: digits.suffix(16)), high | low != 0
        else { return nil }
        (self.high, self.low) = (high, low)
    }

    private init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

    public static func random() -> TraceID {
        TraceID(high: .random(in: .min ... .max), low: .random(in: 1 ... .max))
    }

    public var description: String { high.hexDigits + low.hexDigits }
}

/// The name of a span in its trace: 64 bits, written as 16 lower-case hexadecimal digits.
public struct SpanID: Sendable, Hashable, CustomStringConvertible {
    let bits: UInt64

    /// nil for all zero, which names nothing, and for what is not 16 digits.
    public init?(_ text: some StringProtocol) {
        self.init(digits: Array(text.utf8)[...])
    }

    init?(digits: ArraySlice<UInt8>) {
        guard digits.count == 16, let bits = UInt64(hexDigits: digits), bits != 0 else { return nil }
        self.bits = bits
    }

    private init(bits: UInt64) { self.bits = bits }

    public static func random() -> SpanID { SpanID(bits: .random(in: 1 ... .max)) }

    public var description: String { bits.hexDigits }
}

extension UInt64 {
    /// nil where one of them is no lower-case hexadecimal digit.
    init?(hexDigits: some Sequence<UInt8>) {
        var value: UInt64 = 0
        for digit in hexDigits {
            guard let nibble = UInt64(hexDigit: digit) else { return nil }
            value = value << 4 | nibble
        }
        self = value
    }

    private init?(hexDigit: UInt8) {
        switch hexDigit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self.init(hexDigit - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self.init(hexDigit - UInt8(ascii: "a") + 10)
        default: return nil
        }
    }

    /// All 16 of them.
    var hexDigits: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
