import NIOCore
import NIOPosix

/// A client that sends any bytes and takes any lines.
struct RawConnection: Sendable {
    let channel: any Channel
    private let received: AsyncStream<String>

    static func open(_ path: String, autoRead: Bool = true) async throws -> RawConnection {
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.autoRead, value: autoRead)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(LineCollector(continuation))
                }
            }
            .connect(unixDomainSocketPath: path).get()
        return RawConnection(channel: channel, received: lines)
    }

    func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }

    func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }

    /// Says that nothing more will be sent.
    func finish() async throws { try await channel.close(mode: .output) }

    func close() async { try? await channel.close() }

    /// The next line, nil at the end.
    func line() async -> String? {
        var iterator = received.makeAsyncIterator()
        return await iterator.next()
    }

    func lines() async -> [String] {
        var lines: [String] = []
        while let line = await line() { lines.append(line) }
        return lines
    }

    /// What one connection gets for a text until the server has no more to say.
    static func exchange(_ text: String, at path: String) async throws -> [String] {
        let connection = try await open(path)
        try await connection.send(text)
        try await connection.finish()
        let lines = await connection.lines()
        await connection.close()
        return lines
    }
}

private final class LineCollector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let lines: AsyncStream<String>.Continuation
    private var start = ByteBuffer()

    init(_ lines: AsyncStream<String>.Continuation) { self.lines = lines }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var chunk = unwrapInboundIn(data)
        while let end = chunk.readableBytesView.firstIndex(of: 10) {
            var part = chunk.readSlice(length: end - chunk.readerIndex) ?? ByteBuffer()
            chunk.moveReaderIndex(forwardBy: 1)
            start.writeBuffer(&part)
            lines.yield(String(buffer: start))
            start.clear()
        }
        start.writeBuffer(&chunk)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { end() }
    }

    func channelInactive(context: ChannelHandlerContext) { end() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// A line without an end is told as one that no server of ours writes.
    private func end() {
        if start.readableBytes > 0 { lines.yield("UNFINISHED " + String(buffer: start).prefix(100)) }
        start.clear()
        lines.finish()
    }
}
