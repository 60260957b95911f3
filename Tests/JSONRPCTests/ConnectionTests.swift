import Glibc
import JSON
import JSONRPC
import NIOCore
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct Connections {
    @Test func `calls run side by side and are answered as they finish`() async throws {
        try await withServer { path in
            let connection = try await RawConnection.open(path)
            try await connection.send(call(1, "wait") + call(2, "update"))
            #expect(id(await connection.line()) == 2)
            try await connection.send(call(3, "open"))
            let ids = [id(await connection.line()), id(await connection.line())]
            #expect(Set(ids) == [1, 3])
            await connection.close()
        }
    }

    @Test func `with 64 calls in flight nothing more is read until one is done`() async throws {
        let handler = TestHandler()
        try await withServer(handler) { path in
            let connection = try await RawConnection.open(path)
            try await connection.send((1...64).map { call($0, "wait") }.joined() + call(65, "open"))
            try await eventually { await handler.gate.waiting == 64 }
            let other = try await JSONRPCClient.connect(path: path)
            #expect(try await other.call("waiting") == 64)
            #expect(handler.handled.withLock { !$0.contains("open") })
            _ = try await other.call("open")
            var ids: Set<Int64?> = []
            for _ in 1...65 { ids.insert(id(await connection.line())) }
            #expect(ids == Set((1...65).map(Int64.init)))
            await connection.close()
            await other.close()
        }
    }

    @Test func `who has closed the write side still gets all answers`() async throws {
        let handler = TestHandler()
        try await withServer(handler) { path in
            let connection = try await RawConnection.open(path)
            try await connection.send((1...10).map { call($0, "wait") }.joined())
            try await connection.finish()
            try await eventually { await handler.gate.waiting == 10 }
            await handler.gate.open()
            #expect(await connection.lines().count == 10)
            await connection.close()
        }
    }

    @Test func `calls of a client who vanishes are done all the same`() async throws {
        let handler = TestHandler()
        try await withServer(handler) { path in
            let connection = try await RawConnection.open(path)
            try await connection.send((1...200).map { call($0, "update") }.joined())
            await connection.close()
            try await eventually { handler.handled.withLock { $0.count } == 200 }
        }
    }

    @Test func `a client who does not read is not read from, and loses nothing`() async throws {
        let handler = TestHandler()
        try await withServer(handler) { path in
            let slow = try await RawConnection.open(path, autoRead: false)
            try await slow.send((1...200).map { call($0, "big") }.joined())
            let other = try await JSONRPCClient.connect(path: path)
            for _ in 1...50 { _ = try await other.call("update") }
            let begun = handler.handled.withLock { $0.filter { $0 == "big" }.count }
            #expect(begun <= 64)
            try await slow.channel.setOption(.autoRead, value: true).get()
            for _ in 1...200 { #expect(await slow.line()?.utf8.count ?? 0 > 1 << 16) }
            await slow.close()
            await other.close()
        }
    }

    @Test func `200 clients at once`() async throws {
        try await withServer { path in
            let answers = try await withThrowingTaskGroup(of: Int.self) { clients in
                for number in 1...200 {
                    clients.addTask {
                        let client = try await JSONRPCClient.connect(path: path)
                        for count in 1...10 {
                            let params: JSONValue = [
                                .number(JSONNumber(Int64(number))), .number(JSONNumber(Int64(count))),
                            ]
                            #expect(try await client.call("echo", params) == params)
                        }
                        await client.close()
                        return 10
                    }
                }
                return try await clients.reduce(0, +)
            }
            #expect(answers == 2000)
        }
    }

    @Test func `one connection too many is told so, and there is room again when another goes`() async throws {
        var limits = JSONRPCLimits()
        limits.connections = 2
        try await withServer(limits: limits) { path in
            let first = try await JSONRPCClient.connect(path: path)
            let second = try await JSONRPCClient.connect(path: path)
            _ = try await (first.call("update"), second.call("update"))
            let lines = try await RawConnection.exchange(call(1, "update"), at: path)
            #expect(lines.map { parse($0)?["error"]?["code"] } == [-32000])
            await first.close()
            try await eventually {
                try await RawConnection.exchange(call(1, "update"), at: path).contains {
                    parse($0)?["result"] != nil
                }
            }
            await second.close()
        }
    }

    @Test func `the handler learns who is calling`() async throws {
        try await withServer { path in
            let client = try await JSONRPCClient.connect(path: path)
            let peer = try await client.call("peer")
            #expect(peer["pid"]?.number?.int64 == Int64(getpid()))
            #expect(peer["uid"]?.number?.int64 == Int64(getuid()))
            #expect(peer["gid"]?.number?.int64 == Int64(getgid()))
            #expect(Set(peer["groups"]?.array?.map { $0.number?.int64 } ?? [-1]) == Set(ownGroups()))
            await client.close()
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct `Streamed results` {
    @Test(arguments: [1, 3, 2000]) func `are one line`(count: Int) async throws {
        try await withServer { path in
            let text = #"{"jsonrpc":"2.0","method":"list","params":{"count":\#(count)},"id":"a"}"# + "\n"
            let lines = try await RawConnection.exchange(text, at: path)
            #expect(lines.count == 1)
            #expect(parse(lines[0])?["result"]?.array?.count == count)
            #expect(parse(lines[0])?["id"] == "a")
        }
    }

    @Test func `wait for a slow reader while others are served`() async throws {
        let handler = TestHandler()
        try await withServer(handler) { path in
            let slow = try await RawConnection.open(path, autoRead: false)
            try await slow.send(
                #"{"jsonrpc":"2.0","method":"list","params":{"count":1000},"id":1}"# + "\n" + call(2, "update"))
            let other = try await JSONRPCClient.connect(path: path)
            for _ in 1...50 { _ = try await other.call("update") }
            #expect(handler.chunksTaken.load(ordering: .relaxed) < 200)
            try await slow.channel.setOption(.autoRead, value: true).get()
            let lines = [await slow.line(), await slow.line()].compactMap { $0.flatMap(parse) }
            #expect(lines.contains { $0["result"]?.array?.count == 1000 })
            #expect(lines.contains { $0["id"] == 2 })
            await slow.close()
            await other.close()
        }
    }

    @Test(arguments: ["break", "nothing"])
    func `that fail before anything went out are errors`(method: String) async throws {
        try await withServer { path in
            let lines = try await RawConnection.exchange(call(1, method) + call(2, "update"), at: path)
            #expect(lines.count == 2)
            let error = lines.compactMap(parse).first { $0["id"] == 1 }
            #expect(error?["error"]?["code"] == -32603)
        }
    }

    @Test func `that fail midway end the connection`() async throws {
        try await withServer { path in
            let connection = try await RawConnection.open(path)
            try await connection.send(#"{"jsonrpc":"2.0","method":"break","params":{"after":3},"id":1}"# + "\n")
            let lines = await connection.lines()
            #expect(lines.count == 1)
            #expect(lines.first?.hasPrefix("UNFINISHED") == true)
            await connection.close()
        }
    }

    @Test func `are collected in a batch, up to a limit`() async throws {
        var limits = JSONRPCLimits()
        limits.collectedResult = 100_000
        try await withServer(limits: limits) { path in
            func list(_ count: Int) -> String {
                #"{"jsonrpc":"2.0","method":"list","params":{"count":\#(count)},"id":\#(count)}"#
            }
            let lines = try await RawConnection.exchange("[\(list(2)),\(list(50)),\(list(3))]\n", at: path)
            let answers = lines.first.flatMap(parse)?.array ?? []
            #expect(answers.map { $0["result"]?.array?.count } == [2, nil, 3])
            #expect(answers.dropFirst().first?["error"]?["code"] == -32600)
        }
    }
}

func call(_ id: Int, _ method: String) -> String {
    #"{"jsonrpc":"2.0","method":"\#(method)","id":\#(id)}"# + "\n"
}

private func id(_ line: String?) -> Int64? { line.flatMap(parse)?["id"]?.number?.int64 }

private func ownGroups() -> [Int64?] {
    var groups = [gid_t](repeating: 0, count: 65_536)
    return groups.prefix(Int(getgroups(CInt(groups.count), &groups))).map(Int64.init)
}
