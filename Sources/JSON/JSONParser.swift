/// A strict reader of RFC 8259: one value and nothing after it, UTF-8 only, no key twice, bounded depth.
struct JSONParser {
    private let text: UnsafeBufferPointer<UInt8>
    private let maxDepth: Int
    private let strict: Bool
    private var position = 0
    private var depth = 0

    init(_ text: UnsafeBufferPointer<UInt8>, maxDepth: Int, strict: Bool) {
        self.text = text
        self.maxDepth = maxDepth
        self.strict = strict
    }

    mutating func parse() throws(JSONError) -> JSONValue {
        skipSpace()
        let result = try value()
        skipSpace()
        guard position == text.count else { throw syntax("the text goes on after the value") }
        return result
    }

    private mutating func value() throws(JSONError) -> JSONValue {
        guard let byte = peek else { throw syntax("the text ends where a value was expected") }
        switch byte {
        case UInt8(ascii: "{"): return .object(try object())
        case UInt8(ascii: "["): return .array(try array())
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        default: throw syntax("a value was expected")
        }
    }

    // MARK: Containers

    private mutating func object() throws(JSONError) -> JSONObject {
        try open()
        var members: [JSONObject.Member] = []
        var keys = KeySet()
        if !take(UInt8(ascii: "}")) {
            repeat {
                skipSpace()
                let start = position
                guard peek == UInt8(ascii: "\"") else { throw syntax("a member's name in quotes was expected") }
                let key = try string()
                guard keys.insert(key, after: members) else {
                    throw JSONError(code: .duplicateKey, message: "the key \"\(key)\" stands twice", offset: start)
                }
                skipSpace()
                try expect(UInt8(ascii: ":"), "':' after a member's name")
                skipSpace()
                members.append(.init(key: key, value: try value()))
                skipSpace()
            } while take(UInt8(ascii: ","))
            try expect(UInt8(ascii: "}"), "',' or '}' after a member")
        }
        depth -= 1
        return JSONObject(members: members)
    }

    private mutating func array() throws(JSONError) -> [JSONValue] {
        try open()
        var elements: [JSONValue] = []
        if !take(UInt8(ascii: "]")) {
            repeat {
                skipSpace()
                elements.append(try value())
                skipSpace()
            } while take(UInt8(ascii: ","))
            try expect(UInt8(ascii: "]"), "',' or ']' after an element")
        }
        depth -= 1
        return elements
    }

    private mutating func open() throws(JSONError) {
        depth += 1
        guard depth <= maxDepth else {
            throw JSONError(
                code: .tooDeep, message: "the text is nested deeper than \(maxDepth) levels", offset: position)
        }
        position += 1
        skipSpace()
    }

    // MARK: Scalars

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let length = word.utf8CodeUnitCount
        let matches =
            position + length <= text.count
            && (0..<length).allSatisfy { text[position + $0] == word.utf8Start[$0] }
        guard matches else { throw syntax("true, false or null was expected") }
        position += length
        return value
    }

    private mutating func number() throws(JSONError) -> JSONNumber {
        let start = position
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        let hasExponent = take(UInt8(ascii: "e")) || take(UInt8(ascii: "E"))
        if hasExponent {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        let number = JSONNumber(validated: String(ascii: text[start..<position]))
        if strict, position - start > Self.maxNumberLength || hasExponent && !number.double.isFinite {
            throw hugeNumber(at: start)
        }
        return number
    }

    /// Without an exponent so few digits are always within binary floating point.
    private static let maxNumberLength = 128

    private func hugeNumber(at offset: Int) -> JSONError {
        JSONError(
            code: .hugeNumber,
            message: "the number is too large: at most \(Self.maxNumberLength) characters and 1.8e308 are taken",
            offset: offset)
    }

    private mutating func digits() throws(JSONError) {
        let start = position
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw syntax("a digit was expected") }
    }

    private mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        var all: UInt8 = 0
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                defer { position += 1 }
                let bytes = text[start..<position]
                return all < 0x80 ? String(ascii: bytes) : try validated(bytes, at: start)
            case UInt8(ascii: "\\"): return try escapedString(from: start)
            case 0..<0x20: throw syntax("a control character in a string must be escaped")
            default:
                all |= byte
                position += 1
            }
        }
        throw syntax("the string has no end")
    }

    /// The slow path: what was read so far is copied, and escapes are resolved as they come.
    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var bytes = Array(text[start..<position])
        while let byte = peek {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                return try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in
                    try validated(Slice(base: buffer, bounds: 0..<buffer.count), at: start)
                }
            case UInt8(ascii: "\\"): try escape(into: &bytes)
            case 0..<0x20: throw syntax("a control character in a string must be escaped")
            default: bytes.append(byte)
            }
        }
        throw syntax("the string has no end")
    }

    private mutating func escape(into bytes: inout [UInt8]) throws(JSONError) {
        guard let byte = peek else { throw syntax("the string has no end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(byte)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0C)
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "r"): bytes.append(0x0D)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "u"): try escapedScalar(into: &bytes)
        default: throw syntax("an unknown escape in a string")
        }
    }

    private mutating func escapedScalar(into bytes: inout [UInt8]) throws(JSONError) {
        let start = position - 2
        let scalar = try escapedScalar()
        guard !strict || scalar != "\0" else {
            throw JSONError(code: .nul, message: "the character U+0000 is not taken in strings", offset: start)
        }
        bytes.append(contentsOf: Character(scalar).utf8)
    }

    private mutating func escapedScalar() throws(JSONError) -> Unicode.Scalar {
        let first = try hex()
        guard (0xD800..<0xE000).contains(first) else {
            guard let scalar = Unicode.Scalar(first) else { throw syntax("no such character") }
            return scalar
        }
        guard first < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            throw syntax("half of a surrogate pair stands alone")
        }
        let second = try hex()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw syntax("half of a surrogate pair stands alone") }
        return scalar
    }

    private mutating func hex() throws(JSONError) -> UInt32 {
        var result: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw syntax("four hexadecimal digits were expected after \\u")
            }
            result = result << 4 + UInt32(digit)
            position += 1
        }
        return result
    }

    private func validated(_ bytes: Slice<UnsafeBufferPointer<UInt8>>, at offset: Int) throws(JSONError) -> String {
        guard let string = String(validating: bytes, as: UTF8.self) else {
            throw JSONError(code: .invalidUTF8, message: "the string is not valid UTF-8", offset: offset)
        }
        return string
    }

    // MARK: Bytes

    private var peek: UInt8? { position < text.count ? text[position] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ byte: UInt8, _ what: String) throws(JSONError) {
        guard take(byte) else { throw syntax("\(what) was expected") }
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private func syntax(_ message: String) -> JSONError {
        JSONError(code: .syntax, message: message, offset: position)
    }
}

extension String {
    /// Nothing is validated but by the standard library itself.
    fileprivate init(ascii bytes: Slice<UnsafeBufferPointer<UInt8>>) {
        self.init(decoding: UnsafeBufferPointer(rebasing: bytes), as: UTF8.self)
    }
}

/// Finds keys that stand twice: by comparing while there are few, by a set beyond.
private struct KeySet {
    private var keys: Set<String> = []

    mutating func insert(_ key: String, after members: [JSONObject.Member]) -> Bool {
        guard members.count >= 16 else { return !members.contains { $0.key == key } }
        if keys.isEmpty { keys = Set(members.map(\.key)) }
        return keys.insert(key).inserted
    }
}

extension JSONValue {
    /// Reads one JSON value.
    /// - Parameters:
    ///   - bytes: the whole text, UTF-8.
    ///   - maxDepth: how many containers may stand in one another.
    ///   - strict: refuses what is JSON, but hardly meant and hard to handle: huge numbers, and U+0000 in strings.
    /// - Throws: `JSONError` with the byte at which the text is wrong.
    public init(
        parsing bytes: some Collection<UInt8>, maxDepth: Int = 32, strict: Bool = false
    ) throws(JSONError) {
        let result = bytes.withContiguousStorageIfAvailable { Self.parse($0, maxDepth, strict) }
        self = try (result ?? Array(bytes).withUnsafeBufferPointer { Self.parse($0, maxDepth, strict) }).get()
    }

    private static func parse(
        _ text: UnsafeBufferPointer<UInt8>, _ maxDepth: Int, _ strict: Bool
    ) -> Result<JSONValue, JSONError> {
        Result { () throws(JSONError) in
            var parser = JSONParser(text, maxDepth: maxDepth, strict: strict)
            return try parser.parse()
        }
    }
}
