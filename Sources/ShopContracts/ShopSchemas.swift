public import HandlerRuntime
import JSON

extension Schema {
    /// An address that may stand in a mail's header as it is.
    public static let email = Schema([
        ("type", "string"), ("format", "email"), ("maxLength", 254),
    ]) { value in
        guard let text = value.string else { return [.mustBe("an e-mail address", not: value)] }
        return EmailAddress.isValid(text) ? [] : [Violation("", "must be an e-mail address like name@example.org")]
    }

    /// What something costs, in the shop's currency.
    public static func price(_ currency: Currency) -> Schema {
        .decimal(fractionDigits: currency.fractionDigits, max: Money.maxMinorUnits)
    }

    /// What was paid or given back, in the shop's currency.
    public static func amount(_ currency: Currency) -> Schema {
        .decimal(fractionDigits: currency.fractionDigits, max: Money.maxTotalMinorUnits)
    }

    /// Pieces of something. The limit is the highest integer that every JSON reader takes exactly.
    public static let pieces = Schema.integer(0...9_007_199_254_740_991)

    /// The products of an order: an id stands once for every piece.
    public static let productIDs = Schema.array(of: .uuid, count: 1...1_000)
}

/// The addr-spec of RFC 5322 without its rarities: no quotes, no comments, no white space, ASCII.
enum EmailAddress {
    static func isValid(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, text.utf8.count <= 254, (1...64).contains(parts[0].utf8.count) else { return false }
        return isDotAtom(parts[0], isAtomText) && isDotAtom(parts[1], isLabelText)
    }

    private static func isDotAtom(_ text: Substring, _ isText: (UInt8) -> Bool) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { atom in
            !atom.isEmpty && atom.utf8.count <= 64 && atom.utf8.allSatisfy(isText)
        }
    }

    private static func isLabelText(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private static func isAtomText(_ byte: UInt8) -> Bool {
        isLabelText(byte) || "!#$%&'*+/=?^_`{|}~".utf8.contains(byte)
    }
}
