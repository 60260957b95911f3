import JSON
import JSONRPC
import Testing

@Suite(.timeLimit(.minutes(1))) struct Framing {
    private func call(_ id: Int, _ method: String = "update") -> String {
        #"{"jsonrpc":"2.0","method":"\#(method)","id":\#(id)}"#
    }

    private func ids(_ lines: [String]) -> [Int64] { lines.compactMap { parse($0)?["id"]?.number?.int64 }.sorted() }

    @Test func `joined writes are as many calls`() async throws {
        try await withServer { path in
            let text = (1...500).map { call($0) + "\n" }.joined()
            let answers = try await RawConnection.exchange(text, at: path)
            #expect(ids(answers) == Array(1...500))
        }
    }

    @Test func `a write for every byte is one call`() async throws {
        try await withServer { path in
            let connection = try await RawConnection.open(path)
            for byte in (call(1) + "\r\n" + call(2) + "\n").utf8 { try await connection.send([byte]) }
            #expect(await ids([connection.line() ?? "", connection.line() ?? ""]) == [1, 2])
            await connection.close()
        }
    }

    @Test func `blank lines are nothing, and the last line needs no end`() async throws {
        try await withServer { path in
            let text = "\n\r\n  \t\n" + call(1) + "\n\n\r\n" + call(2) + "\r\n\n" + call(3)
            let answers = try await RawConnection.exchange(text, at: path)
            #expect(ids(answers) == [1, 2, 3])
        }
    }

    @Test func `a line cut off by the end is a parse error`() async throws {
        try await withServer { path in
            let lines = try await RawConnection.exchange(#"{"jsonrpc":"2.0","me"#, at: path)
            #expect(lines.map { parse($0)?["error"]?["code"] } == [-32700])
        }
    }

    @Test func `invalid UTF-8 is a parse error, and the connection goes on`() async throws {
        try await withServer { path in
            let connection = try await RawConnection.open(path)
            try await connection.send(
                Array(#"{"jsonrpc":"2.0","method":""#.utf8) + [0xC3, 0x28] + Array("\"}\n\0\n".utf8))
            for _ in 1...2 { #expect(parse(await connection.line() ?? "")?["error"]?["code"] == -32700) }
            try await connection.send(call(1) + "\n")
            #expect(parse(await connection.line() ?? "")?["id"] == 1)
            await connection.close()
        }
    }

    @Test func `an oversized message is refused with the limit, skipped, and the next one is taken`() async throws {
        try await withServer { path in
            let connection = try await RawConnection.open(path)
            let blob = String(repeating: "x", count: 3 << 20)
            try await connection.send(blob)
            let error = parse(await connection.line() ?? "")
            #expect(error?["error"]?["code"] == -32600)
            #expect(error?["error"]?["message"]?.string?.contains("1048576") == true)
            #expect(error?["id"] == .null)
            try await connection.send(blob + "\n" + call(1) + "\n")
            #expect(parse(await connection.line() ?? "")?["id"] == 1)
            await connection.close()
        }
    }

    @Test(arguments: [-1, 0, 1])
    func `a message may be as long as the limit and not a byte longer`(more: Int) async throws {
        var limits = JSONRPCLimits()
        limits.messageSize = 1000
        try await withServer(limits: limits) { path in
            let padding = String(repeating: " ", count: 1000 + more - call(1).utf8.count)
            let lines = try await RawConnection.exchange(
                "{" + padding + call(1).dropFirst() + "\n" + call(2) + "\n", at: path)
            #expect(ids(lines) == (more > 0 ? [2] : [1, 2]))
            #expect(lines.count == 2)
        }
    }

    @Test func `a result that came with line breaks goes out as one line`() async throws {
        try await withServer { path in
            let lines = try await RawConnection.exchange(call(1, "pretty") + "\n", at: path)
            #expect(lines.count == 1)
            #expect(parse(lines[0])?["result"] == ["a": [1]])
        }
    }

    @Test func `a message may run over several lines, and several may stand on one`() async throws {
        try await withServer { path in
            let pretty = "{\n  \"jsonrpc\": \"2.0\",\r\n\n  \"method\": \"update\",\n  \"id\": 1\n}"
            let batch = "[\n\(call(4)),\n\(call(5))\n]"
            let text = pretty + "\n" + call(2) + call(3) + "\n" + batch + call(6)
            let answers = try await RawConnection.exchange(text, at: path).compactMap(parse)
            #expect(Set(answers.compactMap { $0["id"]?.number?.int64 }) == [1, 2, 3, 6])
            #expect(answers.compactMap { $0.array?.count } == [2])
        }
    }

    @Test func `a message is answered before its line has ended`() async throws {
        try await withServer { path in
            let connection = try await RawConnection.open(path)
            try await connection.send(call(1))
            #expect(await ids([connection.line() ?? ""]) == [1])
            await connection.close()
        }
    }

    @Test(arguments: [
        // The specification's, as it is printed there.
        "[\n  {\"jsonrpc\": \"2.0\", \"method\": \"sum\", \"params\": [1,2,4], \"id\": \"1\"},\n"
            + "  {\"jsonrpc\": \"2.0\", \"method\"\n]",
        "{\n  \"a\": 1\n  \"b\": [\n    2\n  ]\n}", "{\"a\":1", "{\n\"a\": tru e,\n\"b\": 1\n}", "[1,2\n]]",
        "[\"a\n",
        "[1] x", "{]",
    ])
    func `a broken message is one error, and the next one is understood`(broken: String) async throws {
        try await withServer { path in
            let answers = try await RawConnection.exchange(broken + "\n" + call(7), at: path).compactMap(parse)
            #expect(answers.filter { $0["error"]?["code"] == -32700 }.count == 1)
            #expect(answers.contains { $0["id"] == 7 && $0["result"] != nil })
        }
    }

    @Test(arguments: [
        (#"{"a":1,"a":2}"#, "stands twice"), (#"["\ud800"]"#, "surrogate"), (#"["\u0000"]"#, "U+0000"),
        ("[1e400]", "too large"), ("[\(String(repeating: "9", count: 200))]", "too large"), ("[\"\0\"]", "control"),
        ("[\0]", "value was expected"), (String(repeating: "[", count: 33), "deeper than 32"),
    ])
    func `what is not taken is refused with the reason`(text: String, reason: String) async throws {
        try await withServer { path in
            let answers = try await RawConnection.exchange(text + "\n" + call(7), at: path).compactMap(parse)
            let errors = answers.compactMap { $0["error"] }
            #expect(errors.map { $0["code"] } == [-32700])
            #expect(errors.first?["message"]?.string?.contains(reason) == true)
            #expect(ids(answers.map(\.text)) == [7])
        }
    }
}
