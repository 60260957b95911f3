import Glibc
import JSON
import JSONRPC
import NIOCore
import NIOPosix
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct `The client` {
    @Test func `gets results and errors as they are`() async throws {
        try await withClient { client async throws in
            #expect(try await client.call("subtract", [42, 23]) == 19)
            #expect(try await client.call("update") == .null)
            let error = await #expect(throws: JSONRPCError.self) { try await client.call("refuse") }
            #expect(error?.code == 42)
            #expect(error?.data?["errors"]?.array?.first?["pointer"] == "/a")
        }
    }

    @Test func `has many calls under way at once`() async throws {
        try await withClient { client async throws in
            let equal = try await withThrowingTaskGroup(of: Bool.self) { calls in
                for number in 0..<1000 as Range<Int64> {
                    calls.addTask {
                        let params: JSONValue = [.number(JSONNumber(number))]
                        return try await client.call("echo", params) == params
                    }
                }
                return try await calls.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(equal == 1000)
        }
    }

    @Test func `sends notifications`() async throws {
        let handler = TestHandler()
        try await withClient(handler) { client async throws in
            try await client.notify("notify_hello", [7])
            try await eventually { handler.handled.withLock { $0 == ["notify_hello"] } }
        }
    }

    @Test func `takes a list of 10 MB`() async throws {
        try await withClient { client async throws in
            #expect(try await client.call("list", ["count": 1000]).array?.count == 1000)
        }
    }

    @Test func `stops waiting at the time-out, and goes on with the next call`() async throws {
        try await withClient { client async throws in
            let error = await #expect(throws: JSONRPCTransportError.self) {
                try await client.call("wait", timeout: .milliseconds(100))
            }
            #expect(error?.code == .timeout)
            #expect(try await client.call("open") == true)
        }
    }

    @Test func `stops waiting when its task is cancelled`() async throws {
        let handler = TestHandler()
        try await withClient(handler) { client async throws in
            await withThrowingTaskGroup(of: JSONValue.self) { calls in
                calls.addTask { try await client.call("wait") }
                try? await eventually { await handler.gate.waiting == 1 }
                calls.cancelAll()
                await #expect(throws: CancellationError.self) { try await calls.next() }
            }
            await handler.gate.open()
        }
    }

    @Test func `says so when the request is too long`() async throws {
        try await withClient { client async throws in
            let error = await #expect(throws: JSONRPCTransportError.self) {
                try await client.call("echo", [.string(String(repeating: "x", count: 1 << 20))])
            }
            #expect(error?.code == .tooLarge)
            #expect(try await client.call("update") == .null)
        }
    }

    @Test func `fails its calls when it is closed`() async throws {
        let handler = TestHandler()
        try await withClient(handler) { client async throws in
            async let waiting = client.call("wait")
            try await eventually { await handler.gate.waiting == 1 }
            await client.close()
            var code: JSONRPCTransportError.Code?
            do { _ = try await waiting } catch { code = (error as? JSONRPCTransportError)?.code }
            #expect(code == .closed)
            let error = await #expect(throws: JSONRPCTransportError.self) { try await client.call("update") }
            #expect(error?.code == .closed)
            await handler.gate.open()
        }
    }

    @Test(arguments: ["HTTP/1.1 400 Bad Request", "{}", #"{"jsonrpc":"2.0","id":1}"#])
    func `knows a server that speaks something else`(answer: String) async throws {
        try await withDirectory { directory in
            let path = directory + "/s"
            let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .childChannelInitializer { $0.writeAndFlush(ByteBuffer(string: answer + "\n")) }
                .bind(unixDomainSocketPath: path).get()
            // The answer may be there before the call: then the call finds the connection given up.
            let error = await #expect(throws: JSONRPCTransportError.self) {
                try await JSONRPCClient.connect(path: path).call("update", timeout: .seconds(1))
            }
            #expect(error.map { [.badAnswer, .timeout].contains($0.code) } == true)
            try await server.close()
        }
    }

    @Test func `says why it cannot connect`() async throws {
        try await withDirectory { directory in
            let path = directory + "/s"
            #expect(await failure(path) == .noSocket)
            try leaveStaleSocket(path)
            #expect(await failure(path) == .refused)
            #expect(await failure("/dev/null") == .refused)
            #expect(await failure("/" + String(repeating: "x", count: 200)) == .pathTooLong)
        }
    }

    @Test(.enabled(if: geteuid() != 0, "root may connect to anything"))
    func `says that permission is denied`() async throws {
        try await withDirectory { directory in
            let path = directory + "/s"
            try await withServer(path: path) { _ in
                #expect(chmod(path, 0) == 0)
                #expect(await failure(path) == .permissionDenied)
            }
        }
    }

    private func failure(_ path: String) async -> JSONRPCTransportError.Code? {
        do {
            _ = try await JSONRPCClient.connect(path: path)
            return nil
        } catch {
            return error.code
        }
    }

    private func withClient(
        _ handler: TestHandler = TestHandler(), _ body: @Sendable (JSONRPCClient) async throws -> Void
    ) async throws {
        try await withServer(handler) { path in
            let client = try await JSONRPCClient.connect(path: path)
            defer { withExtendedLifetime(client) {} }
            try await body(client)
            await client.close()
        }
    }
}
