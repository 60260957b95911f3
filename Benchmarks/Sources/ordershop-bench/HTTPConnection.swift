import NIOCore
import NIOHTTP1
import NIOPosix

/// One keep-alive connection that sends a request when the answer to the one before is there.
struct HTTPConnection: Sendable {
    private typealias Stream = NIOAsyncChannel<HTTPClientResponsePart, HTTPPart<HTTPRequestHead, ByteBuffer>>

    /// Connects and closes again: whether somebody listens.
    static func connect(port: Int) async throws {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port).get()
        try await channel.close()
    }

    /// Sends so many requests one after the other.
    /// - Returns: the bodies' bytes of the last answer, and how long each took.
    static func run(
        port: Int, count: Int, request: @escaping @Sendable (Int) -> (HTTPMethod, String, String)
    ) async throws -> (last: String, latencies: [Duration]) {
        let stream = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    return try Stream(wrappingChannelSynchronously: channel)
                }
            }
        return try await stream.executeThenClose { inbound, outbound in
            var parts = inbound.makeAsyncIterator()
            var latencies: [Duration] = []
            var last = ""
            for index in 0..<count {
                let (method, path, body) = request(index)
                let start = ContinuousClock.now
                try await outbound.write(contentsOf: requestParts(method, path, body))
                last = try await answer(&parts, path)
                latencies.append(.now - start)
            }
            return (last, latencies)
        }
    }

    private static func requestParts(
        _ method: HTTPMethod, _ path: String, _ body: String
    ) -> [HTTPPart<HTTPRequestHead, ByteBuffer>] {
        var head = HTTPRequestHead(version: .http1_1, method: method, uri: path)
        head.headers.add(name: "Host", value: "localhost")
        head.headers.add(name: "Content-Length", value: String(body.utf8.count))
        return [.head(head), .body(ByteBuffer(string: body)), .end(nil)]
    }

    private static func answer(
        _ parts: inout NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator, _ path: String
    ) async throws -> String {
        var text = ""
        var status = HTTPResponseStatus.ok
        while let part = try await parts.next() {
            switch part {
            case .head(let head): status = head.status
            case .body(let body): text += String(buffer: body)
            case .end:
                guard status == .ok else { throw BenchError("\(path) answered \(status.code): \(text)") }
                return text
            }
        }
        throw BenchError("the connection was closed before \(path) was answered")
    }
}
