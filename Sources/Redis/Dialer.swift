#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif
import Logging
import NIOCore
import NIOPosix
import NIOSSL

/// Makes connections to one server that are ready for use.
struct Dialer: Sendable {
    /// Of one server: its topology is `direct`.
    let configuration: RedisConfiguration
    let group: any EventLoopGroup
    let logger: Logger

    /// Connects, encrypts, logs in and selects the database.
    ///
    /// Throws `notConnected`, `connectionRefusedByServer`, `invalidURL` for TLS files that cannot be used, or
    /// `cancelled`.
    func dial(
        onClose: @escaping @Sendable (RedisConnection) -> Void = { _ in }
    ) async throws(RedisError) -> RedisConnection {
        let tls = try clientTLS()
        let connection = RedisConnection(configuration: configuration, eventLoop: group.next(), onClose: onClose)
        do throws(RedisError) {
            try await open(connection, tls)
            try await Handshake(configuration, logger).perform(on: connection)
            return connection
        } catch {
            connection.close()
            throw error
        }
    }

    private func open(_ connection: RedisConnection, _ tls: ClientTLS?) async throws(RedisError) {
        let opened = connection.eventLoop.makePromise(of: Void.self)
        // Only the winner of several addresses gets handlers, before anything can have been read.
        connectSocket(on: connection.eventLoop).flatMapThrowing { channel in
            if let tls { try channel.pipeline.syncOperations.addHandler(tls.makeHandler()) }
            try channel.pipeline.syncOperations.addHandler(ConnectionHandler(connection))
        }.cascade(to: opened)
        do {
            try await withTaskCancellationHandler {
                try await opened.futureResult.get()
            } onCancel: {
                // A socket that opens after this finds its connection closed, and is closed too.
                connection.close()
                opened.fail(CancellationError())
            }
        } catch {
            throw .connection(configuration.address, error)
        }
    }

    private func connectSocket(on eventLoop: any EventLoop) -> EventLoopFuture<any Channel> {
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
            .channelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 16384, maximum: 1 << 18))
        switch configuration.address {
        case .unix(let path): return bootstrap.connect(unixDomainSocketPath: path)
        case .tcp(let host, let port): return bootstrap.watchingThePeer().connect(host: host, port: port)
        }
    }

    private func clientTLS() throws(RedisError) -> ClientTLS? {
        guard let tls = configuration.tls, case .tcp(let host, _) = configuration.address else { return nil }
        return try ClientTLS(tls, host: host)
    }
}

extension ClientBootstrap {
    /// No delay for small commands, and probes that find a vanished peer within a minute, as a blocking read that
    /// waits for ever has no other way to learn of it.
    fileprivate func watchingThePeer() -> ClientBootstrap {
        let bootstrap = channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
        #if os(Linux)
            return
                bootstrap
                .channelOption(.tcpOption(NIOBSDSocket.Option(rawValue: TCP_KEEPIDLE)), value: 30)
                .channelOption(.tcpOption(NIOBSDSocket.Option(rawValue: TCP_KEEPINTVL)), value: 10)
                .channelOption(.tcpOption(NIOBSDSocket.Option(rawValue: TCP_KEEPCNT)), value: 3)
        #else
            return bootstrap
        #endif
    }
}
