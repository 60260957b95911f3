import JSON
import JSONRPC
import Logging
import NIOCore
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2))) struct `Clients who are no help` {
    @Test func `who does not read is cut off at the time-out, which is logged, and others are served`() async throws
    {
        var limits = JSONRPCLimits()
        limits.writing = .milliseconds(500)
        let log = LogLines()
        let handler = TestHandler()
        try await withServer(handler, limits: limits, logger: log.logger) { path in
            let slow = try await RawConnection.open(path, autoRead: false)
            try await slow.send((1...64).map { call($0, "big") }.joined() + watch)
            let other = try await JSONRPCClient.connect(path: path)
            try await eventually {
                _ = try await other.call("update")
                return log.has("does not read")
            }
            // What the kernel had taken before may still be read, or not; then comes the end.
            try? await slow.channel.setOption(.autoRead, value: true).get()
            #expect(await slow.lines().count < 65)
            try await eventually { handler.feeds.load(ordering: .relaxed) == 0 }
            await other.close()
        }
    }

    @Test(arguments: [#"{"jsonrpc":"2.0","#, "hello", "[\n\n"])
    func `who begins a message and does not end it is told so and closed`(text: String) async throws {
        var limits = JSONRPCLimits()
        limits.receiving = .milliseconds(300)
        let log = LogLines()
        try await withServer(limits: limits, logger: log.logger) { path in
            let connection = try await RawConnection.open(path)
            try await connection.send(text)
            let lines = await connection.lines().map(parse)
            #expect(lines.count == 1)
            #expect(lines.first??["error"]?["code"] == -32000)
            #expect(lines.first??["error"]?["data"]?["reason"] == "timeout")
            #expect(log.has("does not end a message"))
            await connection.close()
        }
    }

    @Test func `who sends on and on is not taken for one who does not end a message`() async throws {
        var limits = JSONRPCLimits()
        limits.receiving = .seconds(3)
        try await withServer(limits: limits) { path in
            let connection = try await RawConnection.open(path)
            let text = call(1, "update")
            try await connection.send(String(text.prefix(9)))
            for _ in 1...40 {
                try await connection.send(String(text.dropFirst(9)) + String(text.prefix(9)))
                #expect(parse(await connection.line() ?? "")?["result"] == .null)
                try await Task.sleep(for: .milliseconds(100))
            }
            await connection.close()
        }
    }

    @Test func `who is idle is told so and closed, not who waits or watches`() async throws {
        var limits = JSONRPCLimits()
        limits.idle = .seconds(2)
        let handler = TestHandler()
        try await withServer(handler, limits: limits) { path in
            let watching = try await RawConnection.open(path)
            try await watching.send(#"{"jsonrpc":"2.0","method":"count","params":{"to":0},"id":1}"#)
            let waiting = try await RawConnection.open(path)
            try await waiting.send(call(1, "wait"))
            _ = await watching.line()
            let idle = try await RawConnection.open(path)
            try await idle.send(call(1, "update"))
            let lines = await idle.lines().map(parse)
            #expect(lines.map { $0?["error"]?["data"]?["reason"] } == [nil, "timeout"])
            await handler.gate.open()
            #expect(parse(await waiting.line() ?? "")?["result"] == "waited")
            try await eventually { handler.feeds.load(ordering: .relaxed) == 1 }
            for connection in [watching, waiting, idle] { await connection.close() }
        }
    }

    @Test func `who floods is answered in turn, and others with him`() async throws {
        try await withServer { path in
            let flood = try await RawConnection.open(path)
            async let sending: Void = flood.send((1...20_000).map { call($0, "update") }.joined())
            let other = try await JSONRPCClient.connect(path: path)
            for _ in 1...20 { _ = try await other.call("update", timeout: .seconds(10)) }
            for _ in 1...20_000 {
                guard await flood.line() != nil else { throw Unexpected("an answer is missing") }
            }
            try await sending
            await flood.close()
            await other.close()
        }
    }

    @Test func `who vanishes in the midst of anything leaves nothing behind`() async throws {
        var limits = JSONRPCLimits()
        limits.connections = 4
        let handler = TestHandler()
        try await withServer(handler, limits: limits) { path in
            let texts = ["", "{", call(1, "update"), call(1, "big") + call(2, "big"), watch, "[[[", "x"]
            for text in texts + texts + texts {
                try await eventually {
                    let connection = try await RawConnection.open(path)
                    try? await connection.send(text + call(9, "update"))
                    await connection.close()
                    return true
                }
            }
            // All have gone: there is room for as many as may be there.
            try await eventually {
                try await RawConnection.exchange(call(1, "update"), at: path).contains {
                    parse($0)?["result"] != nil
                }
            }
            try await eventually { handler.feeds.load(ordering: .relaxed) == 0 }
        }
    }

    @Test func `1,000 connections at once are all served`() async throws {
        var limits = JSONRPCLimits()
        limits.connections = 1000
        try await withServer(limits: limits) { path in
            var clients: [JSONRPCClient] = []
            for _ in 1...1000 { clients.append(try await JSONRPCClient.connect(path: path)) }
            let answers = try await withThrowingTaskGroup(of: Bool.self) { calls in
                for (number, client) in clients.enumerated() {
                    let params: JSONValue = [.number(JSONNumber(Int64(number)))]
                    calls.addTask { try await client.call("echo", params) == params }
                }
                return try await calls.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(answers == 1000)
            let lines = try await RawConnection.exchange(call(1, "update"), at: path)
            #expect(lines.map { parse($0)?["error"]?["data"]?["reason"] } == ["busy"])
            for client in clients { await client.close() }
        }
    }

    private let watch = #"{"jsonrpc":"2.0","method":"count","id":"w"}"# + "\n"
}
