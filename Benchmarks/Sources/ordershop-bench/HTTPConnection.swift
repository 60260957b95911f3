import NIOCore
import NIOHTTP1
import NIOPosix

/// One keep-alive connection that sends a request when the answer to the one before is there.
struct HTTPConnection: Sendable {
    private typealias Stream = NIOAsyncChannel<HTTPClientResponsePart, SimpleRequest>

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
                    try channel.pipeline.syncOperations.addHandler(SimpleRequestWriter())
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
                try await outbound.write(SimpleRequest(method: method, path: path, body: body))
                last = try await answer(&parts, path)
                latencies.append(.now - start)
            }
            return (last, latencies)
        }
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

private struct SimpleRequest: Sendable {
    let method: HTTPMethod
    let path: String
    let body: String
}

private final class SimpleRequestWriter: ChannelOutboundHandler {
    typealias OutboundIn = SimpleRequest
    typealias OutboundOut = HTTPClientRequestPart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let request = unwrapOutboundIn(data)
        var head = HTTPRequestHead(version: .http1_1, method: request.method, uri: request.path)
        head.headers.add(name: "Host", value: "localhost")
        head.headers.add(name: "Content-Length", value: String(request.body.utf8.count))
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: request.body)))), promise: nil)
        context.write(wrapOutboundOut(.end(nil)), promise: promise)
    }
}
