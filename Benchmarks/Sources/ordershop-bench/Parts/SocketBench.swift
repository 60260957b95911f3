import Foundation
import JSON
import JSONRPC
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Small calls over a Unix socket, beside a server that sends back what it gets.
func measureSocket(_ round: Round, _ report: inout Report) async throws {
    let group = "socket"
    let bench = SocketBench(directory: round.redis.directory)
    let echo = try await bench.echo(round.count(1_000_000))
    let calls = try await bench.calls(round.count(400_000))
    report.add("bare echo line by line, 64 under way on one connection", echo.pipelined, in: group)
    report.add("bare echo line by line, 16 connections, one at a time", echo.single, in: group)
    report.add(
        "JSON-RPC: small calls, 64 under way on one connection", calls.pipelined, of: echo.pipelined, "bare echo",
        in: group, .ratio(atLeast: 0.4))
    report.add(
        "JSON-RPC: small calls, 16 connections, one at a time", calls.single, of: echo.single, "bare echo",
        in: group, .ratio(atLeast: 0.4))
}

/// The same client drives both servers.
struct SocketBench: Sendable {
    let directory: String

    struct Rates {
        /// One connection, 64 calls under way.
        let pipelined: Double
        /// 16 connections, one call at a time on each.
        let single: Double
    }

    /// Each line is sent back by a write of its own, as an answer is.
    func echo(_ count: Int) async throws -> Rates {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(EchoHandler())
                }
            }
            .bind(unixDomainSocketPath: directory + "/echo").get()
        let rates = try await measure(directory + "/echo", count)
        try await server.close()
        try await group.shutdownGracefully()
        return rates
    }

    func calls(_ count: Int) async throws -> Rates {
        let path = directory + "/rpc"
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let (bound, isBound) = AsyncStream.makeStream(of: Void.self)
        let server = JSONRPCServer(path: path, handler: PongHandler(), logger: .bench, eventLoopGroup: group) {
            isBound.finish()
        }
        let rates = try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await server.run() }
            for await _ in bound {}
            let rates = try await measure(path, count)
            tasks.cancelAll()
            return rates
        }
        try await group.shutdownGracefully()
        return rates
    }

    private func measure(_ path: String, _ count: Int) async throws -> Rates {
        _ = try await drive(path, connections: 1, window: 64, count: count / 10)
        return Rates(
            pipelined: try await drive(path, connections: 1, window: 64, count: count),
            single: try await drive(path, connections: 16, window: 1, count: count / 2))
    }

    private func drive(_ path: String, connections: Int, window: Int, count: Int) async throws -> Double {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let start = ContinuousClock.now
        try await withThrowingDiscardingTaskGroup { tasks in
            for _ in 0..<connections {
                tasks.addTask { try await Self.drive(path, group, window, count / connections) }
            }
        }
        let time = ContinuousClock.now - start
        try await group.shutdownGracefully()
        return Double(count) / time.seconds
    }

    private static func drive(
        _ path: String, _ group: MultiThreadedEventLoopGroup, _ window: Int, _ count: Int
    ) async throws {
        let done = group.any().makePromise(of: Void.self)
        let channel = try await ClientBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        CallingHandler(window: window, count: count, done: done))
                }
            }
            .connect(unixDomainSocketPath: path).get()
        try await done.futureResult.get()
        try await channel.close()
    }
}

private struct PongHandler: JSONRPCHandler {
    func handle(_ call: JSONRPCCall) async throws(JSONRPCError) -> JSONRPCReply { .value("pong") }
}

private final class EchoHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var chunk = unwrapInboundIn(data)
        while let end = chunk.readableBytesView.firstIndex(of: 0x0A),
            let line = chunk.readSlice(length: end + 1 - chunk.readerIndex)
        {
            context.writeAndFlush(wrapOutboundOut(line), promise: nil)
        }
        if chunk.readableBytes > 0 { context.write(wrapOutboundOut(chunk), promise: nil) }
    }

    func channelReadComplete(context: ChannelHandlerContext) { context.flush() }
}

/// Keeps so many calls under way until so many are answered.
private final class CallingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let request = Array(#"{"jsonrpc":"2.0","method":"ping","id":1}"#.utf8) + [0x0A]
    private let window: Int
    private let done: EventLoopPromise<Void>
    private var unsent: Int
    private var unanswered: Int

    init(window: Int, count: Int, done: EventLoopPromise<Void>) {
        self.window = window
        self.done = done
        (unsent, unanswered) = (count, count)
    }

    func channelActive(context: ChannelHandlerContext) { send(window, context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let answers = unwrapInboundIn(data).withUnsafeReadableBytes { bytes in
            bytes.reduce(0) { $0 + ($1 == 0x0A ? 1 : 0) }
        }
        unanswered -= answers
        if unanswered <= 0 { done.succeed() } else { send(answers, context) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if unanswered > 0 { done.fail(BenchError("the server has closed the connection")) }
    }

    private func send(_ count: Int, _ context: ChannelHandlerContext) {
        let count = min(count, unsent)
        guard count > 0 else { return }
        unsent -= count
        var buffer = context.channel.allocator.buffer(capacity: Self.request.count * count)
        for _ in 0..<count { buffer.writeBytes(Self.request) }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }
}
