import CoreMetrics
import HandlerRuntime
import HummingbirdCore
import Logging
import NIOCore
import NIOExtras
import NIOPosix
import ServiceLifecycle

/// One listening socket and its connections.
///
/// Hummingbird's own server cannot take a socket that listens already; this one serves on both kinds.
struct HTTPListener: Sendable {
    /// Clients that may wait to be accepted. The kernel lowers it to net.core.somaxconn.
    private static let backlog: Int32 = 4_096

    let address: GatewayServer.Address
    let http: HTTP1Channel
    let limits: Live<GatewayServer.Limits>
    let tls: Live<ServerTLS?>
    let eventLoopGroup: any EventLoopGroup
    let logger: Logger

    /// Returns at a graceful shutdown, when the requests in flight are answered.
    func run(_ onBound: @Sendable (SocketAddress?) async -> Void) async throws {
        let quiescing = ServerQuiescingHelper(group: eventLoopGroup)
        let server = try await listen(quiescing)
        try await withGracefulShutdownHandler {
            await onBound(server.channel.localAddress)
            try await withThrowingDiscardingTaskGroup { group in
                try await server.executeThenClose { connections in
                    for try await connection in connections {
                        let executor = EventLoopExecutor(connection.channel.eventLoop)
                        group.addTask(executorPreference: executor) {
                            await http.handle(value: connection, logger: logger)
                        }
                    }
                }
            }
        } onGracefulShutdown: {
            quiescing.initiateShutdown(promise: nil)
        }
    }

    private func listen(
        _ quiescing: ServerQuiescingHelper
    ) async throws -> NIOAsyncChannel<HTTP1Channel.Value, Never> {
        let bootstrap = ServerBootstrap(group: eventLoopGroup)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handlers = channel.pipeline.syncOperations
                    try handlers.addHandler(ConnectionLimit { limits.value.connections })
                    try handlers.addHandler(quiescing.makeServerChannelHandler(channel: channel))
                }
            }
        let setUp = { @Sendable (channel: any Channel) in
            channel.eventLoop.makeCompletedFuture { try tls.value?.protect(channel) }
                .flatMap { http.setup(channel: channel, logger: logger) }
        }
        switch address {
        case .tcp(let host, let port):
            return try await bootstrap.bind(host: host, port: port, childChannelInitializer: setUp)
        case .inherited(let descriptor):
            return try await bootstrap.bind(descriptor, childChannelInitializer: setUp)
        }
    }
}

/// Accepts no more connections than may be open at once: those beyond wait in the kernel.
private final class ConnectionLimit: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = any Channel

    private let limit: @Sendable () -> Int
    private let meter = Meter(label: "ordershop_http_connections")
    private var open = 0
    private var isHeldBack = false

    init(_ limit: @escaping @Sendable () -> Int) { self.limit = limit }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        open += 1
        meter.increment()
        let (handler, server) = (NIOLoopBound(self, eventLoop: context.eventLoop), context.channel)
        unwrapInboundIn(data).closeFuture.hop(to: context.eventLoop).whenComplete { _ in
            handler.value.noteClosed(server)
        }
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        if open < limit() { context.read() } else { isHeldBack = true }
    }

    private func noteClosed(_ server: any Channel) {
        open -= 1
        meter.decrement()
        guard isHeldBack else { return }
        isHeldBack = false
        server.read()
    }
}
