import JSON
import JSONRPC
import Testing

/// https://www.jsonrpc.org/specification, section 7, each example once; messages are free, codes and ids are not.
@Suite(.timeLimit(.minutes(1))) struct `The specification's examples` {
    @Test(
        arguments: [
            (
                #"{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}"#,
                #"{"jsonrpc": "2.0", "result": 19, "id": 1}"#
            ),
            (
                #"{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}"#,
                #"{"jsonrpc": "2.0", "result": -19, "id": 2}"#
            ),
            (
                #"{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}"#,
                #"{"jsonrpc": "2.0", "result": 19, "id": 3}"#
            ),
            (
                #"{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}"#,
                #"{"jsonrpc": "2.0", "result": 19, "id": 4}"#
            ),
            (#"{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}"#, nil),
            (#"{"jsonrpc": "2.0", "method": "foobar"}"#, nil),
            (
                #"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#,
                #"{"jsonrpc": "2.0", "error": {"code": -32601}, "id": "1"}"#
            ),
            (
                #"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#,
                #"{"jsonrpc": "2.0", "error": {"code": -32700}, "id": null}"#
            ),
            (
                #"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#,
                #"{"jsonrpc": "2.0", "error": {"code": -32600}, "id": null}"#
            ),
            (
                #"[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}, {"jsonrpc": "2.0", "method"]"#,
                #"{"jsonrpc": "2.0", "error": {"code": -32700}, "id": null}"#
            ),
            ("[]", #"{"jsonrpc": "2.0", "error": {"code": -32600}, "id": null}"#),
            ("[1]", #"[{"jsonrpc": "2.0", "error": {"code": -32600}, "id": null}]"#),
            (
                "[1,2,3]",
                """
                [{"jsonrpc": "2.0", "error": {"code": -32600}, "id": null},
                 {"jsonrpc": "2.0", "error": {"code": -32600}, "id": null},
                 {"jsonrpc": "2.0", "error": {"code": -32600}, "id": null}]
                """
            ),
            (
                #"[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}, "#
                    + #"{"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}, "#
                    + #"{"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"}, {"foo": "boo"}, "#
                    + #"{"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"}, "#
                    + #"{"jsonrpc": "2.0", "method": "get_data", "id": "9"}]"#,
                """
                [{"jsonrpc": "2.0", "result": 7, "id": "1"}, {"jsonrpc": "2.0", "result": 19, "id": "2"},
                 {"jsonrpc": "2.0", "error": {"code": -32600}, "id": null},
                 {"jsonrpc": "2.0", "error": {"code": -32601}, "id": "5"},
                 {"jsonrpc": "2.0", "result": ["hello", 5], "id": "9"}]
                """
            ),
            (
                #"[{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]}, "#
                    + #"{"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]"#,
                nil
            ),
        ] as [(String, String?)])
    func `are answered as it says`(request: String, answer: String?) async throws {
        try await expect(request, answer)
    }

    @Test(
        arguments: [
            // Ids of every legal kind come back as they were written.
            (
                #"{"jsonrpc":"2.0","method":"echo","params":[],"id":null}"#,
                #"{"jsonrpc":"2.0","result":[],"id":null}"#
            ),
            (#"{"jsonrpc":"2.0","method":"echo","params":{},"id":""}"#, #"{"jsonrpc":"2.0","result":{},"id":""}"#),
            (#"{"jsonrpc":"2.0","method":"echo","id":1.50}"#, #"{"jsonrpc":"2.0","result":null,"id":1.50}"#),
            (
                #"{"jsonrpc":"2.0","method":"echo","id":123456789012345678901234567890}"#,
                #"{"jsonrpc":"2.0","result":null,"id":123456789012345678901234567890}"#
            ),
            // No request, but the id can be told.
            (#"{"jsonrpc":"1.0","method":"echo","id":7}"#, #"{"jsonrpc":"2.0","error":{"code":-32600},"id":7}"#),
            (#"{"method":"echo","id":7}"#, #"{"jsonrpc":"2.0","error":{"code":-32600},"id":7}"#),
            (#"{"jsonrpc":"2.0","id":7}"#, #"{"jsonrpc":"2.0","error":{"code":-32600},"id":7}"#),
            (
                #"{"jsonrpc":"2.0","method":"echo","params":null,"id":7}"#,
                #"{"jsonrpc":"2.0","error":{"code":-32600},"id":7}"#
            ),
            (
                #"{"jsonrpc":"2.0","method":"echo","params":"x","id":7}"#,
                #"{"jsonrpc":"2.0","error":{"code":-32600},"id":7}"#
            ),
            // And not.
            (
                #"{"jsonrpc":"2.0","method":"echo","id":true}"#,
                #"{"jsonrpc":"2.0","error":{"code":-32600},"id":null}"#
            ),
            (
                #"{"jsonrpc":"2.0","method":"echo","id":[1]}"#,
                #"{"jsonrpc":"2.0","error":{"code":-32600},"id":null}"#
            ),
            (#""hello""#, #"{"jsonrpc":"2.0","error":{"code":-32600},"id":null}"#),
            (
                #"{"jsonrpc":"2.0","method":"echo","method":"sum","id":7}"#,
                #"{"jsonrpc":"2.0","error":{"code":-32700},"id":null}"#
            ),
            (
                #"{"jsonrpc":"2.0","method":"\ud800","id":7}"#,
                #"{"jsonrpc":"2.0","error":{"code":-32700},"id":null}"#
            ),
            // The application's errors.
            (
                #"{"jsonrpc":"2.0","method":"subtract","id":7}"#,
                #"{"jsonrpc":"2.0","error":{"code":-32602},"id":7}"#
            ),
            (
                #"{"jsonrpc":"2.0","method":"refuse","id":7}"#,
                #"{"jsonrpc":"2.0","error":{"code":42,"data":{"errors":[{"pointer":"/a","detail":"is wrong"}]}},"id":7}"#
            ),
            (#"{"jsonrpc":"2.0","method":"refuse"}"#, nil),
            (#"[[]]"#, #"[{"jsonrpc":"2.0","error":{"code":-32600},"id":null}]"#),
        ] as [(String, String?)])
    func `and what follows from its words`(request: String, answer: String?) async throws {
        try await expect(request, answer)
    }

    @Test func `a batch may have 100 calls and not one more`() async throws {
        @Sendable func batch(_ count: Int) -> String {
            "["
                + Array(repeating: #"{"jsonrpc":"2.0","method":"update","id":1}"#, count: count).joined(
                    separator: ",") + "]"
        }
        try await withServer { path in
            let answers = try await RawConnection.exchange(batch(100) + "\n", at: path).map(parse)
            #expect(answers.count == 1)
            #expect(answers.first??.array?.count == 100)
        }
        try await expect(batch(101), #"{"jsonrpc":"2.0","error":{"code":-32600},"id":null}"#)
    }

    private func expect(_ request: String, _ answer: String?) async throws {
        try await withServer { path in
            let answers = try await RawConnection.exchange(request + "\n", at: path)
            #expect(answers.map { withoutMessages(parse($0)) } == (answer.map { [parse($0)] } ?? []))
        }
    }
}

func parse(_ text: String) -> JSONValue? { try? JSONValue(parsing: text.utf8, maxDepth: 64) }

private func withoutMessages(_ value: JSONValue?) -> JSONValue? {
    if let elements = value?.array { return .array(elements.compactMap(withoutMessages)) }
    guard var object = value?.object, var error = object["error"]?.object else { return value }
    guard case .string(let message)? = error["message"], !message.isEmpty else { return nil }
    error["message"] = nil
    object["error"] = .object(error)
    return .object(object)
}
