import JSON
import Testing

@Suite struct `The parser` {
    @Test(
        arguments: [
            ("null", nil), ("true", true), ("false", false), (" \t\r\n7 \n", 7),
            ("[]", []), ("{}", [:]), ("[ ]", []), ("{ }", [:]), ("[1,[2,[]],{}]", [1, [2, []], [:]]),
            (#"{"a":1,"b":{"c":[null]}}"#, ["a": 1, "b": ["c": [nil]]]), (#"{"":0}"#, ["": 0]),
            (#""""#, ""), (#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{c}\n\r\tz"), (#""\u00e4\u20AC""#, "ä€"),
            (#""\ud83d\ude00""#, "😀"), (#""😀 ä""#, "😀 ä"), (#""\u0000""#, "\0"), (#""\uffff""#, "\u{ffff}"),
        ] as [(String, JSONValue)])
    func `reads`(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text.utf8) == value)
    }

    @Test(arguments: [
        "0", "-1", "10", "1.5", "-0.0", "1e3", "1E+3", "1e-3", "1.25e2", "123456789012345678901234567890",
        "0.1000000000000000000000001", "1e999999",
    ])
    func `keeps every digit of a number`(text: String) throws {
        #expect(try JSONValue(parsing: text.utf8).number?.text == text)
    }

    @Test(arguments: [
        "", " ", "nul", "nulL", "True", "tru", "undefined", "NaN", "Infinity", "-", "+1", "01", "-01", "1.", ".5",
        "1e", "1e+", "0x10", "1 2", "1,", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "]", "{", "{\"a\"", "{\"a\":",
        "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "{a:1}", "{1:2}", "{'a':1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}",
        "}", "'a'", "\"", "\"a", "\"\\", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\u\"", "\"a\nb\"",
        "\"\u{0}\"", "\"\u{1f}\"", "[1]]", "{}{}", "\u{feff}1", "// c\n1", "/**/1", "\u{a0}1", "\0", "1\0",
    ])
    func `refuses what the grammar does not have`(text: String) {
        #expect(code(text.utf8) == .syntax)
    }

    @Test(arguments: [
        #""\ud83d""#, #""\ude00""#, #""\ud83d\ud83d""#, #""\ud83dx""#, #""\ud83d\n""#, #""\ud83d\u0041""#,
        #""\ude00\ud83d""#,
    ])
    func `refuses half a surrogate pair`(text: String) {
        #expect(code(text.utf8) == .syntax)
    }

    @Test(
        arguments: [
            [0x80], [0xFF], [0xC0, 0x80], [0xC3], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xF8, 0x88, 0x80, 0x80, 0x80], [0x5C, 0x6E, 0xFF],
        ] as [[UInt8]])
    func `refuses strings that are not UTF-8`(bytes: [UInt8]) {
        #expect(code([0x22] + bytes + [0x22]) == .invalidUTF8)
        #expect(code(bytes.filter { $0 >= 0x80 }) == .syntax)
    }

    @Test(
        arguments: [
            ("1e308", nil), ("1e309", .hugeNumber), ("-1e309", .hugeNumber), ("1e-400", nil),
            (String(repeating: "9", count: 128), nil), (String(repeating: "9", count: 129), .hugeNumber),
            (#""\u0000""#, .nul), (#"{"\u0000":1}"#, .nul), (#""\\u0000""#, nil), (#""\u0001""#, nil),
        ] as [(String, JSONError.Code?)])
    func `where strict, refuses huge numbers and U+0000`(text: String, expected: JSONError.Code?) throws {
        var found: JSONError.Code?
        do { _ = try JSONValue(parsing: text.utf8, strict: true) } catch { found = error.code }
        #expect(found == expected)
        #expect(code(text.utf8) == nil)
    }

    @Test func `refuses a key that stands twice in one object, not in two`() {
        #expect(code(#"{"a":1,"a":1}"#.utf8) == .duplicateKey)
        #expect(code(#"{"a":1,"\u0061":1}"#.utf8) == .duplicateKey)
        #expect(code(#"{"x":{"a":1,"b":2,"a":1}}"#.utf8) == .duplicateKey)
        #expect(code(#"[{"a":{"a":1}},{"a":2}]"#.utf8) == nil)
    }

    @Test(arguments: [2, 15, 16, 17, 18, 100])
    func `finds a key that stands twice among many`(count: Int) {
        let members = (0..<count).map { "\"k\($0)\":0" }
        #expect(code("{\(members.joined(separator: ","))}".utf8) == nil)
        for twice in [0, count / 2, count - 1] {
            #expect(code("{\((members + [members[twice]]).joined(separator: ","))}".utf8) == .duplicateKey)
        }
    }

    @Test func `takes 32 levels and not one more`() {
        func nested(_ depth: Int, _ open: String, _ close: String) -> String {
            String(repeating: open, count: depth) + "0" + String(repeating: close, count: depth)
        }
        #expect(code(nested(32, "[", "]").utf8) == nil)
        #expect(code(nested(33, "[", "]").utf8) == .tooDeep)
        #expect(code(nested(32, "{\"a\":", "}").utf8) == nil)
        #expect(code(nested(33, "{\"a\":", "}").utf8) == .tooDeep)
        #expect(code(String(repeating: "[", count: 1_000_000).utf8) == .tooDeep)
        #expect(code("[" + Array(repeating: "[]", count: 100).joined(separator: ",") + "]") == nil)
        #expect((try? JSONValue(parsing: "[[1]]".utf8, maxDepth: 1)) == nil)
    }

    @Test func `says where it went wrong`() {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: #"{"a": tru}"#.utf8) }
        #expect(error?.offset == 6)
        #expect(error?.description == "true, false or null was expected at byte 6")
    }

    @Test func `never crashes on damaged texts`() {
        let text = Array(#"{"a":[1,-2.5e-3,true,null,"x\u00e4\ud83d\ude00\n"],"b":{"c":"é😀"},"d":1e99}"#.utf8)
        var random = Xorshift(state: 88_172_645_463_325_252)
        for _ in 0..<20_000 {
            var damaged = text
            for _ in 0...Int(random.next() % 3) {
                damaged[Int(random.next() % UInt64(text.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            let value = try? JSONValue(parsing: damaged.prefix(Int(random.next() % UInt64(text.count + 1))))
            for number in value?.array ?? [] { _ = number.number?.int64 }
            if let value { #expect((try? JSONValue(parsing: value.bytes)) == value) }
        }
    }
}

private func code(_ text: some Collection<UInt8>) -> JSONError.Code? {
    do throws(JSONError) {
        _ = try JSONValue(parsing: text)
        return nil
    } catch {
        return error.code
    }
}

private func code(_ text: String) -> JSONError.Code? { code(text.utf8) }

/// The same texts in every run.
struct Xorshift: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
