import JSON
import JSONRPC
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct Notifications {
    @Test func `come in order, behind the answer to the call that asked for them`() async throws {
        try await withServer { path in
            let text = #"{"jsonrpc":"2.0","method":"count","params":{"to":500},"id":1}"# + "\n"
            let lines = try await RawConnection.exchange(text, at: path).map(parse)
            #expect(lines.first??["result"] == "counting")
            #expect(lines.dropFirst().map { $0?["params"]?.array?.first?.number?.int64 } == (1...500).map { $0 })
            #expect(lines.dropFirst().allSatisfy { $0?["method"] == "counted" && $0?["id"] == nil })
        }
    }

    @Test func `reach the client beside its calls`() async throws {
        try await withServer { path in
            let client = try await JSONRPCClient.connect(path: path)
            #expect(try await client.call("count", ["to": 1500]) == "counting")
            async let answer = client.call("echo", [1])
            var numbers: [Int64?] = []
            for await notification in client.notifications {
                #expect(notification.method == "counted")
                numbers.append(notification.params?.array?.first?.number?.int64)
                if numbers.count == 1500 { break }
            }
            #expect(numbers == (1...1500).map { $0 })
            #expect(try await answer == [1])
            await client.close()
            #expect(await next(client) == nil)
        }
    }

    @Test func `wait for a client who does not take them, and so does their feed`() async throws {
        let handler = TestHandler()
        try await withServer(handler) { path in
            let client = try await JSONRPCClient.connect(path: path)
            _ = try await client.call("count")
            try await standsStill(handler.notified)
            #expect(handler.notified.load(ordering: .relaxed) < 2900)
            for number in 1...3000 as ClosedRange<Int64> {
                guard await next(client)?.params?.array?.first?.number?.int64 == number else {
                    throw Unexpected("a notification is missing before \(number)")
                }
            }
            await client.close()
        }
    }

    @Test(arguments: [0, 1_000_000])
    func `end when the client goes`(count: Int64) async throws {
        let handler = TestHandler()
        try await withServer(handler) { path in
            for half in [true, false] {
                let connection = try await RawConnection.open(path)
                try await connection.send(watch(to: count))
                _ = await connection.line()
                try await eventually { handler.feeds.load(ordering: .relaxed) == 1 }
                if half { try await connection.finish() }
                await connection.close()
                try await eventually { handler.feeds.load(ordering: .relaxed) == 0 }
            }
        }
    }

    @Test func `do not hold up the end of the server`() async throws {
        let handler = TestHandler()
        try await withServer(handler) { path in
            for count in [0, 1_000_000] as [Int64] {
                let connection = try await RawConnection.open(path)
                try await connection.send(watch(to: count))
                _ = await connection.line()
            }
            try await eventually { handler.feeds.load(ordering: .relaxed) == 2 }
        }
        #expect(handler.feeds.load(ordering: .relaxed) == 0)
    }

    @Test func `of one watch too many are refused`() async throws {
        var limits = JSONRPCLimits()
        limits.feeds = 2
        try await withServer(limits: limits) { path in
            let client = try await JSONRPCClient.connect(path: path)
            for _ in 1...2 { _ = try await client.call("count", ["to": 0]) }
            let error = await #expect(throws: JSONRPCError.self) { try await client.call("count", ["to": 0]) }
            #expect(error?.code == -32000)
            #expect(error?.message.contains("2") == true)
            await client.close()
        }
    }

    private func next(_ client: JSONRPCClient) async -> JSONRPCNotification? {
        for await notification in client.notifications { return notification }
        return nil
    }

    private func watch(to end: Int64) -> String {
        #"{"jsonrpc":"2.0","method":"count","params":{"to":\#(end)},"id":1}"# + "\n"
    }

    private func standsStill(_ counter: borrowing Atomic<Int>) async throws {
        var last = -1
        while counter.load(ordering: .relaxed) != last || last == 0 {
            last = counter.load(ordering: .relaxed)
            try await Task.sleep(for: .milliseconds(300))
        }
    }
}
