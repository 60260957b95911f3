import Testing

@testable import ordershopctl

@Suite struct `Comma-separated values` {
    @Test(arguments: [
        ("a,b\n1,2\n", [["a", "b"], ["1", "2"]]), ("a,b\r\n1,2", [["a", "b"], ["1", "2"]]),
        ("\"a,\"\"x\"\"\",b\n\"1\n2\",\n", [["a,\"x\"", "b"], ["1\n2", ""]]), ("", []), ("\n\na\n\n", [["a"]]),
        (",\n", [["", ""]]), ("\"\"", [[""]].filter { $0 != [""] }), ("ä,日本\n", [["ä", "日本"]]),
    ]) func `are read as RFC 4180 has them`(text: String, fields: [[String]]) throws {
        #expect(try CSV.rows(in: text.utf8).map(\.fields) == fields)
    }

    @Test func `know the line that a row begins on`() throws {
        #expect(try CSV.rows(in: "a\n\"1\n2\"\n3\n".utf8).map(\.line) == [1, 2, 4])
    }

    @Test(arguments: ["a,\"b", "\"a\"b,c"]) func `with a wrong quote are refused with the line`(text: String) {
        #expect { try CSV.rows(in: "x\n\(text)".utf8) } throws: {
            ($0 as? Failure)?.message.contains("Line 2") == true
        }
    }

    @Test func `that were written are read the same`() throws {
        let fields = ["plain", "with, comma", "with \"quotes\"", "two\nlines", "", "ä"]
        #expect(try CSV.rows(in: CSV.line(fields).utf8).map(\.fields) == [fields])
    }
}
