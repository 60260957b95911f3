import Glibc

/// What makes a text a good value. Each throws the part of the sentence that says what is wrong with it.
extension SettingsOption {
    /// `[a-z0-9][a-z0-9-]{0,62}`, or empty for the default shop.
    static func shopName(_ text: String) throws(Unacceptable) -> String {
        let isWord = { (byte: UInt8) in (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) }
        guard text.utf8.allSatisfy({ isWord($0) || $0 == UInt8(ascii: "-") }) else {
            throw Unacceptable(reason: "has characters that a shop's name cannot have")
        }
        guard text.utf8.count <= 63 else { throw Unacceptable(reason: "is too long") }
        guard !text.hasPrefix("-") else { throw Unacceptable(reason: "starts with a hyphen") }
        return text
    }

    static func word(_ text: String) throws(Unacceptable) -> String {
        guard !text.isEmpty else { throw Unacceptable(reason: "is empty") }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw Unacceptable(reason: "has white space or a control character in it")
        }
        return text
    }

    static func integer(_ text: String, in range: ClosedRange<Int>) throws(Unacceptable) -> Int {
        guard let number = Int(text) else { throw Unacceptable(reason: "is not a whole number") }
        guard range.contains(number) else { throw Unacceptable(reason: "is out of range") }
        return number
    }

    static let durationExpected = "never, or a time such as 30d, 12h, 90m or 45s, at most 3650d"

    /// nil for never.
    static func duration(_ text: String) throws(Unacceptable) -> Duration? {
        if text == "never" { return nil }
        let units = ["d": 86_400, "h": 3_600, "m": 60, "s": 1]
        guard let unit = units[String(text.suffix(1))], let number = Int(text.dropLast()) else {
            throw Unacceptable(reason: "is no time")
        }
        guard (1...315_360_000 / unit).contains(number) else { throw Unacceptable(reason: "is out of range") }
        return .seconds(number * unit)
    }

    static func boolean(_ text: String) throws(Unacceptable) -> Bool {
        guard let value = Bool(text) else { throw Unacceptable(reason: "is neither true nor false") }
        return value
    }

    /// Absolute: a relative path counts from where the daemon was started.
    static func path(_ text: String) throws(Unacceptable) -> String {
        guard !text.isEmpty else { throw Unacceptable(reason: "is empty") }
        guard !text.utf8.contains(0) else { throw Unacceptable(reason: "has a NUL in it") }
        return Files.absolute(text)
    }

    static func socketPath(_ text: String) throws(Unacceptable) -> String {
        let path = try path(text)
        guard UnixSocket.fits(path) else {
            throw Unacceptable(reason: "is too long, with \(path.utf8.count) bytes")
        }
        return path
    }

    /// Separated by commas or blanks. Whether they exist shows when somebody calls.
    static func principals(_ text: String) throws(Unacceptable) -> [Principal] {
        let words = text.split { $0 == "," || $0.isWhitespace }
        guard words.allSatisfy({ $0 != "@" && !$0.dropFirst().contains("@") }) else {
            throw Unacceptable(reason: "has an @ that is not before a group's name")
        }
        return words.map { Principal($0) }
    }

    static func hostNames(_ text: String) throws(Unacceptable) -> [String] {
        let names = text.split { $0 == "," || $0 == " " }.map { $0.lowercased() }
        for name in names where !name.utf8.allSatisfy({ isOfName($0) }) {
            throw .init(reason: "has a name that cannot be one: \(name)")
        }
        return names
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        byte < 0x80 && (Character(UnicodeScalar(byte)).isLetter || Character(UnicodeScalar(byte)).isNumber)
            || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    static func origins(_ text: String) throws(Unacceptable) -> [String] {
        let origins = text.split { $0 == "," || $0 == " " }.map(String.init)
        for origin in origins {
            let rest = origin.hasPrefix("https://") ? origin.dropFirst(8) : origin.dropFirst(7)
            guard origin.hasPrefix("http"), !rest.isEmpty, !rest.contains("/") else {
                throw .init(reason: "has what is no origin: \(origin); no path is behind the host")
            }
        }
        return origins
    }

    static func readableFile(_ text: String) throws(Unacceptable) -> String {
        let path = try path(text)
        guard access(path, R_OK) == 0 else { throw Unacceptable(reason: "cannot be read: \(Errno.last)") }
        return path
    }

    /// A name stays a name; only what has a slash in it is a path.
    static func program(_ text: String) throws(Unacceptable) -> String {
        let path = try path(text)
        return text.contains("/") ? path : text
    }

    /// Not all of RFC 5322: enough that no header can be broken by it and that there is someone to answer to.
    static func mailbox(_ text: String) throws(Unacceptable) -> String {
        guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw Unacceptable(reason: "has a control character in it")
        }
        guard let open = text.firstIndex(of: "<") else { return try address(text[...], of: text) }
        guard text.hasSuffix(">") else { throw Unacceptable(reason: "has a < without > at its end") }
        return try address(text[text.index(after: open)...].dropLast(), of: text)
    }

    private static func address(_ address: Substring, of text: String) throws(Unacceptable) -> String {
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
            throw Unacceptable(reason: "has no address of the form NAME@HOST")
        }
        guard address.allSatisfy({ !$0.isWhitespace && !"<>,;\"".contains($0) }) else {
            throw Unacceptable(reason: "has a character in the address that cannot be there")
        }
        return text
    }

    static func currencyCode(_ text: String) throws(Unacceptable) -> String {
        guard CurrencyCodes.active.contains(text) else {
            throw Unacceptable(reason: "is no currency's code")
        }
        return text
    }
}
