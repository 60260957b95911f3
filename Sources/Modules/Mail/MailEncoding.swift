import FoundationEssentials
import Glibc

/// Header text beyond ASCII (RFC 2047): words of at most 75 characters, folded, none cut inside a character.
enum EncodedWord {
    /// For a subject: plain where it can be.
    static func text(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !text.contains("=?")
        return isPlain && text.utf8.count <= 900 ? fold(text) : encode(text)
    }

    /// For the name before an address: quoted where it can be.
    static func phrase(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
        return isPlain && text.utf8.count <= 60 ? "\"\(text)\"" : encode(text)
    }

    /// Breaks at spaces, so that lines keep to the 78 characters that RFC 5322 asks for.
    private static func fold(_ text: String) -> String {
        var lines: [String] = []
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            if let line = lines.last, word.isEmpty || line.utf8.count + 1 + word.utf8.count <= 66 {
                lines[lines.count - 1] = "\(line) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines.joined(separator: "\r\n ")
    }

    private static func encode(_ text: String) -> String {
        var words: [[UInt8]] = [[]]
        for scalar in text.unicodeScalars {
            let bytes = Array(String(Character(scalar)).utf8)
            // 39 bytes are 52 characters of base64, with `=?utf-8?B?` and `?=` a word of 64: a line that holds one
            // must not be longer than 76, the header's name included.
            if words[words.count - 1].count + bytes.count > 39 { words.append([]) }
            words[words.count - 1] += bytes
        }
        return words.map { "=?utf-8?B?\(Data($0).base64EncodedString())?=" }.joined(separator: "\r\n ")
    }
}

/// RFC 2045: text in lines of at most 76 ASCII characters.
enum QuotedPrintable {
    static func encode(_ text: String) -> String {
        let unix = text.split(separator: "\r\n", omittingEmptySubsequences: false).joined(separator: "\n")
        return unix.split(separator: "\n", omittingEmptySubsequences: false).map(line).joined(separator: "\r\n")
    }

    private static func line(_ text: Substring) -> String {
        let bytes = Array(text.utf8)
        var lines: [String] = []
        var line = ""
        /// Where the line may be broken behind a space, so that words stay whole for those who read it raw.
        var lastBreak: String.Index?
        for (index, byte) in bytes.enumerated() {
            let piece = encode(byte, isLast: index == bytes.count - 1)
            if line.utf8.count + piece.utf8.count > 75 {
                let end = lastBreak ?? line.endIndex
                lines.append(String(line[..<end]) + "=")
                line = String(line[end...])
                lastBreak = nil
            }
            line += piece
            if byte == 0x20 { lastBreak = line.endIndex }
        }
        return (lines + [line]).joined(separator: "\r\n")
    }

    /// White space at a line's end would not survive the way.
    private static func encode(_ byte: UInt8, isLast: Bool) -> String {
        let isPlain = (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "=")
        let isInnerSpace = (byte == 0x20 || byte == 0x09) && !isLast
        if isPlain || isInnerSpace { return String(UnicodeScalar(byte)) }
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.utf8.count == 1 ? "=0\(digits)" : "=\(digits)"
    }
}

/// RFC 5322's dates, in UTC.
enum MailDate {
    static func text(_ unixSeconds: UInt64) -> String {
        var seconds = time_t(clamping: unixSeconds)
        var fields = tm()
        gmtime_r(&seconds, &fields)
        // The daemon never leaves the C locale, whose names of days and months are the ones that mail wants.
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            guard let start = buffer.baseAddress else { return "" }
            let count = strftime(start, buffer.count, "%a, %d %b %Y %H:%M:%S +0000", &fields)
            return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
}
