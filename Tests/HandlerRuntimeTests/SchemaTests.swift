import HandlerRuntime
import JSON
import Testing

@Suite struct `A schema` {
    private static let uuid: JSONValue = "0b0e9a1c-4b5d-4c7a-9a53-2f0f6f6d8a11"

    private func expect(_ schema: Schema, takes good: [JSONValue], refuses bad: [JSONValue]) {
        for value in good { #expect(schema.violations(in: value) == []) }
        for value in bad {
            #expect(schema.violations(in: value).map(\.pointer) == [""], "\(value.text)")
        }
    }

    @Test func `of a line takes no control characters and no blanks alone`() {
        expect(
            .line(1...5), takes: ["a", "Zoë", "日本語", "👩‍🚀", " a ", "abcde"],
            refuses: [
                "", " ", "\u{3000}", "abcdef", "a\nb", "a\r\nb", "a\tb", "a\u{0}", "a\u{7F}", "a\u{85}", 1, nil, [],
                true, ["a": 1],
            ])
        expect(.line(0...2), takes: ["", " "], refuses: ["abc"])
    }

    @Test func `of a text takes lines`() {
        expect(.text(0...5), takes: ["", "a\nb", "\r\n\t"], refuses: ["a\u{0}", "abcdef", 1, nil])
    }

    @Test func `of an integer takes integers in a range, however they are written`() throws {
        let more = try ["1e2", "10.0", "-0", "1E0"].map { try JSONValue(parsing: Array($0.utf8)) }
        let wrong = try ["1.5", "101", "-1", "1e3", "1e400", "9223372036854775808", "0.1e0"]
            .map { try JSONValue(parsing: Array($0.utf8)) }
        expect(.integer(0...100), takes: [0, 100] + more, refuses: wrong + ["1", nil, true, []])
    }

    @Test func `of a decimal takes no more digits than it says`() throws {
        let good = ["0", "12.5", "12.50", "12.500", "999.99", "1e2", "125e-1"]
        let bad = ["12.505", "1000", "-0.01", "1e-3", "1e99"]
        expect(
            .decimal(fractionDigits: 2, max: 99_999),
            takes: try good.map { try JSONValue(parsing: Array($0.utf8)) },
            refuses: try bad.map { try JSONValue(parsing: Array($0.utf8)) } + ["1", nil])
    }

    @Test func `of a UUID takes nothing else`() {
        expect(
            .uuid, takes: [Self.uuid],
            refuses: ["", "1", "0B0E9A1C-4B5D-4C7A-9A53-2F0F6F6D8A11", "0b0e9a1c4b5d4c7a9a532f0f6f6d8a11", nil, 1])
    }

    @Test func `of an object says where each wrong field stands`() throws {
        let fields = [
            Field("name", .line(1...10)), Field("ids", .array(of: .uuid, count: 1...3)),
            Field("more", .object([Field("a/b~c", .boolean)]), required: false),
        ]
        func pointers(_ text: String) throws -> [String] {
            fields.violations(in: try JSONValue(parsing: Array(text.utf8))).map(\.pointer)
        }
        let id = Self.uuid.text
        #expect(try pointers(#"{"name":"a","ids":[\#(id)]}"#) == [])
        #expect(try pointers(#"{"name":"a","ids":[\#(id)],"more":null}"#) == [])
        #expect(try pointers(#"{"name":"a","ids":[\#(id)],"more":{"a/b~c":true}}"#) == [])
        #expect(try pointers(#"{}"#) == ["/name", "/ids"])
        #expect(try pointers(#"{"name":null,"ids":[]}"#) == ["/name", "/ids"])
        #expect(try pointers(#"{"name":"","ids":[\#(id),"x",3]}"#) == ["/name", "/ids/1", "/ids/2"])
        #expect(
            try pointers(#"{"name":"a","ids":[\#(id)],"more":{"a/b~c":1},"x/y~":1}"#)
                == ["/more/a~1b~0c", "/x~1y~0"])
        #expect(try pointers("[]") == [""])
        #expect(try pointers("7") == [""])
    }

    @Test func `of an object knows no other fields, and says which it knows`() throws {
        let violation = [Field("a", .boolean), Field("b", .boolean)].violations(in: ["a": true, "b": true, "c": 1])
        #expect(violation == [Violation("/c", "is not known here; known are: a, b")])
    }

    @Test func `describes itself as JSON Schema`() {
        let schema = Schema.object([Field("a", .integer(0...9)), Field("b", .boolean, required: false)])
        #expect(
            JSONValue.object(schema.description).text
                == #"{"type":"object","properties":{"a":{"type":"integer","minimum":0,"maximum":9},"#
                + #""b":{"type":"boolean"}},"required":["a"],"additionalProperties":false}"#)
    }
}
