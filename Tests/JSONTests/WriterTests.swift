import JSON
import Testing

@Suite struct `The writer` {
    @Test(arguments: [
        "null", "true", "12.50", "1e3", "[]", "{}", "[[],{}]", #"{"z":1,"a":2,"m":[1,"x",null,false]}"#, #""ä€😀""#,
        #""\u0000\u001f\n\r\t\"\\/""#, #"{"":{"":[]}}"#, "123456789012345678901234567890.000",
    ])
    func `gives back the compact text that was read`(text: String) throws {
        #expect(try JSONValue(parsing: text.utf8).text == text)
    }

    @Test func `keeps the order of members`() throws {
        let value = try JSONValue(parsing: #"{ "id" : 1, "b" : 2, "a" : 3 }"#.utf8)
        #expect(value.object?.members.map(\.key) == ["id", "b", "a"])
        #expect(value.text == #"{"id":1,"b":2,"a":3}"#)
    }

    @Test func `puts commas between values and nowhere else`() {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("a", 1)
            writer.key("b")
            writer.array { writer in
                writer.string("x")
                writer.object { _ in }
                writer.raw("[1,2]".utf8)
                writer.integer(-3)
            }
            writer.member("c", "d")
            writer.member("e", JSONNumber(unscaled: 1250, fractionDigits: 2))
        }
        #expect(String(decoding: writer.bytes, as: UTF8.self) == #"{"a":1,"b":["x",{},[1,2],-3],"c":"d","e":12.5}"#)
    }
}

@Suite struct `An object` {
    @Test func `changes, appends and removes members in place`() {
        var object = JSONObject([("a", 1), ("b", 2)])
        object["a"] = 3
        object["c"] = "x"
        object["b"] = nil
        object["none"] = nil
        #expect(JSONValue.object(object).text == #"{"a":3,"c":"x"}"#)
        #expect(object["b"] == nil)
    }

    @Test func `knows a null member from a missing one`() {
        let value: JSONValue = ["a": nil]
        #expect(value["a"] == .null)
        #expect(value["b"] == nil)
        #expect(JSONValue.string("a")["a"] == nil)
    }
}
