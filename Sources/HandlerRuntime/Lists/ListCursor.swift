import EventStore
import JSON

/// Where a page begins. It names its list, so that one of another is not taken for it, and is for nobody to read.
enum ListCursor: Sendable {
    /// Behind an entity's first event.
    case birth(EventID)
    /// Behind a place in an index.
    case place(UInt64)
    case ranked(RankedPlace)

    /// - Parameter text: nil: the beginning.
    static func read(_ text: String?, of list: String) throws(Refusal) -> ListCursor? {
        guard let text else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts[1] == seal(parts[0], of: list), let cursor = ListCursor(parts[0]) else {
            throw Refusal([Violation("/cursor", "must be what next said in the answer before, of the same list")])
        }
        return cursor
    }

    func text(of list: String) -> String { "\(word).\(Self.seal(word, of: list))" }

    private init?(_ word: String) {
        let parts = word.split(separator: "~", omittingEmptySubsequences: false)
        if parts.count == 2, let score = UInt64(parts[0]), let member = Self.text(ofHex: parts[1]) {
            self = .ranked(RankedPlace(score: score, member: member))
        } else if let place = UInt64(word) {
            self = .place(place)
        } else if let event = EventID(word) {
            self = .birth(event)
        } else {
            return nil
        }
    }

    private var word: String {
        switch self {
        case .birth(let event): event.description
        case .place(let place): String(place)
        case .ranked(let place): "\(place.score)~\(Self.hex(of: place.member))"
        }
    }

    /// Against mistakes, not against malice: whoever makes one up sees no more than the list has.
    private static func seal(_ text: String, of list: String) -> String {
        String(Fingerprint("\(list) \(text)", .null).text.prefix(8))
    }

    private static func hex(of text: String) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: text.utf8.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func text(ofHex hex: Substring) -> String? {
        let digits = hex.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == hex.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
        let bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
