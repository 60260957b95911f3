/// A JSON number with all the digits that it was written with: never rounded to binary floating point.
public struct JSONNumber: Sendable, Hashable {
    /// The number as it stands in JSON text.
    public let text: String

    public init(_ value: Int64) { text = String(value) }

    /// - Parameter text: valid by JSON's grammar; the parser has checked it.
    init(validated text: String) { self.text = text }

    /// `unscaled / 10^fractionDigits`, written without zeros that say nothing: 1250 with 2 digits is `12.5`.
    public init(unscaled: Int64, fractionDigits: Int) {
        var digits = Array(String(unscaled.magnitude).utf8)
        let missing = fractionDigits + 1 - digits.count
        if missing > 0 { digits.insert(contentsOf: repeatElement(UInt8(ascii: "0"), count: missing), at: 0) }
        var fraction = digits.suffix(fractionDigits)
        while fraction.last == UInt8(ascii: "0") { fraction.removeLast() }
        var text = unscaled < 0 ? "-" : ""
        text += String(decoding: digits.dropLast(fractionDigits), as: UTF8.self)
        if !fraction.isEmpty { text += "." + String(decoding: fraction, as: UTF8.self) }
        self.text = text
    }

    /// The number as an integer, nil where it has a fraction or does not fit. `1e3` and `10.0` are integers.
    public var int64: Int64? { scaled(toFractionDigits: 0) }

    /// The number times `10^fractionDigits`, nil where that is no integer or does not fit: `12.5` with 2 digits
    /// is 1250, `12.505` is nil.
    public func scaled(toFractionDigits fractionDigits: Int) -> Int64? {
        guard let decimal = Decimal(text) else { return nil }
        return decimal.scaled(by: fractionDigits)
    }

    /// The nearest binary floating point number, for arithmetic where exactness is of no matter.
    public var double: Double { Double(text) ?? .nan }
}

/// `significand × 10^exponent`, the significand without trailing zeros.
private struct Decimal {
    var isNegative = false
    var significand: [UInt8] = []
    var exponent = 0

    /// nil where the exponent is beyond anything that could fit a number of ours.
    init?(_ text: String) {
        let parts = text.utf8.split(maxSplits: 1) { $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E") }
        guard let mantissa = parts.first else { return nil }
        if parts.count == 2 {
            guard let written = Int(Substring(parts[1])), written.magnitude < 1_000_000 else { return nil }
            exponent = written
        }
        read(mantissa)
    }

    private mutating func read(_ mantissa: Substring.UTF8View) {
        var inFraction = false
        for byte in mantissa {
            switch byte {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "."): inFraction = true
            default:
                significand.append(byte - UInt8(ascii: "0"))
                if inFraction { exponent -= 1 }
            }
        }
        while significand.last == 0 {
            significand.removeLast()
            exponent += 1
        }
    }

    func scaled(by digits: Int) -> Int64? {
        if significand.isEmpty { return 0 }
        let zeros = exponent + digits
        guard zeros >= 0, zeros < 20 else { return nil }
        var result: Int64 = 0
        for digit in significand + [UInt8](repeating: 0, count: zeros) {
            let (shifted, overflow) = result.multipliedReportingOverflow(by: 10)
            let step = isNegative ? -Int64(digit) : Int64(digit)
            let (sum, carry) = shifted.addingReportingOverflow(step)
            if overflow || carry { return nil }
            result = sum
        }
        return result
    }
}
