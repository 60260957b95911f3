import NIOCore
import NIOPosix
import Synchronization

extension CuttingProxy {
    /// Ties a new client to a connection of its own to the server; reading begins when both are there.
    func join(_ client: any Channel) -> EventLoopFuture<Void> {
        remember(client)
        return ClientBootstrap(group: client.eventLoop)
            .channelOption(.autoRead, value: false)
            .connect(unixDomainSocketPath: upstream)
            .flatMapThrowing { server in
                try client.pipeline.syncOperations.addHandler(ProxyHandler(self, .toServer, to: server))
                try server.pipeline.syncOperations.addHandler(ProxyHandler(self, .toClient, to: client))
            }
    }

    private func remember(_ client: any Channel) {
        let id = ObjectIdentifier(client)
        state.withLock {
            $0.connections[id] = client
            $0.accepted += 1
        }
        client.closeFuture.whenComplete { [weak self] _ in
            self?.state.withLock { $0.connections[id] = nil }
        }
    }
}

/// Passes on what one side says to the other, as the plan has it. Both sides are on one event loop.
private final class ProxyHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let proxy: CuttingProxy
    private let direction: CuttingProxy.Direction
    private let other: any Channel

    init(_ proxy: CuttingProxy, _ direction: CuttingProxy.Direction, to other: any Channel) {
        self.proxy = proxy
        self.direction = direction
        self.other = other
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { read(context.channel) }
    }

    func channelActive(context: ChannelHandlerContext) { read(context.channel) }

    private func read(_ channel: any Channel) {
        channel.setOption(.autoRead, value: true).whenSuccess { channel.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        let (channel, other) = (context.channel, other)
        switch proxy.judge(bytes.readableBytes, direction) {
        case .swallow: break
        case .pass: other.writeAndFlush(bytes, promise: nil)
        case .later(let delay):
            context.eventLoop.scheduleTask(in: delay) { [bytes] in other.writeAndFlush(bytes, promise: nil) }
        case .passThenCut(let count):
            let rest = bytes.readSlice(length: count) ?? ByteBuffer()
            other.writeAndFlush(rest).whenComplete { _ in
                other.close(promise: nil)
                channel.close(promise: nil)
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
