public import JSON

/// A currency of ISO 4217.
public struct Currency: Sendable, Hashable {
    /// Three capital letters.
    public let code: String
    /// How many digits its minor unit has: 2 for the cents of EUR.
    public let fractionDigits: Int

    public static let euro = Currency(knownCode: "EUR")

    /// nil where the code is not three capital letters.
    public init?(code: String) {
        guard code.utf8.count == 3, code.utf8.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) })
        else { return nil }
        self.init(knownCode: code)
    }

    private init(knownCode code: String) {
        self.code = code
        fractionDigits = Self.unusualDigits[code] ?? 2
    }

    /// How it is written before an amount: the sign where everybody knows it, the code otherwise.
    public var sign: String { ["EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"][code] ?? code }

    /// Currencies whose minor unit is not a hundredth (ISO 4217, list one).
    private static let unusualDigits: [String: Int] = [
        "BHD": 3, "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "IQD": 3, "ISK": 0, "JOD": 3, "JPY": 0, "KMF": 0,
        "KRW": 0, "KWD": 3, "LYD": 3, "OMR": 3, "PYG": 0, "RWF": 0, "TND": 3, "UGX": 0, "UYI": 0, "UYW": 4,
        "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    ]
}

/// An amount of money, exact: minor units of one currency.
public struct Money: Sendable, Hashable {
    public let minorUnits: Int64
    public let currency: Currency

    /// The highest amount taken for one price: it and its minor units are exact in every JSON reader.
    public static let maxMinorUnits: Int64 = 99_999_999_999

    /// The highest total: the highest integer that every JSON reader takes exactly, in minor units.
    public static let maxTotalMinorUnits: Int64 = 9_007_199_254_740_991

    public init(minorUnits: Int64, currency: Currency) {
        self.minorUnits = minorUnits
        self.currency = currency
    }

    /// nil where the number has more digits than the currency, or does not fit.
    public init?(_ number: JSONNumber, _ currency: Currency) {
        guard let units = number.scaled(toFractionDigits: currency.fractionDigits) else { return nil }
        self.init(minorUnits: units, currency: currency)
    }

    /// As a number in the currency's own unit, with the digits that it needs.
    public var number: JSONNumber {
        JSONNumber(unscaled: minorUnits, fractionDigits: currency.fractionDigits)
    }

    /// The sum, nil where it does not fit or the currencies differ.
    public func adding(_ other: Money) -> Money? {
        let (sum, overflow) = minorUnits.addingReportingOverflow(other.minorUnits)
        return overflow || currency != other.currency ? nil : Money(minorUnits: sum, currency: currency)
    }

    /// The difference, nil where it does not fit or the currencies differ.
    public func subtracting(_ other: Money) -> Money? {
        let (difference, overflow) = minorUnits.subtractingReportingOverflow(other.minorUnits)
        return overflow || currency != other.currency ? nil : Money(minorUnits: difference, currency: currency)
    }

    /// So many times as much, nil where it does not fit.
    public func multiplied(by count: Int64) -> Money? {
        let (product, overflow) = minorUnits.multipliedReportingOverflow(by: count)
        return overflow ? nil : Money(minorUnits: product, currency: currency)
    }

    /// All together, nil where that does not fit or the currencies differ.
    public static func sum(_ amounts: some Sequence<Money>, in currency: Currency) -> Money? {
        var sum: Money? = Money(minorUnits: 0, currency: currency)
        for amount in amounts { sum = sum?.adding(amount) }
        return sum
    }

    /// With its currency, for people: `€ 12.50`.
    public var text: String {
        let digits = currency.fractionDigits
        guard digits > 0 else { return "\(currency.sign) \(minorUnits)" }
        let padded = String(repeating: "0", count: digits) + String(minorUnits.magnitude)
        let fraction = padded.suffix(digits)
        let whole = minorUnits.magnitude / (0..<digits).reduce(1) { power, _ in power * 10 }
        return "\(currency.sign) \(minorUnits < 0 ? "-" : "")\(whole).\(fraction)"
    }
}
