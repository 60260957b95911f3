import CoreMetrics
public import Logging
public import NIOCore
public import NIOPosix
public import ServiceLifecycle
import Synchronization

/// JSON-RPC 2.0 over a Unix stream socket. Requests are JSON texts, on a line each or over several; answers are lines.
///
/// On a graceful shutdown it stops accepting and reading, lets the calls in flight finish and be answered, and
/// returns. The file of the socket goes away at the beginning of that, so that a successor can take the path.
public struct JSONRPCServer: Service {
    private let path: String
    private let inherited: CInt?
    private let dispatcher: Dispatcher
    private let limits: JSONRPCLimits
    private let logger: Logger
    private let eventLoopGroup: any EventLoopGroup
    private let onBound: @Sendable () async -> Void

    /// - Parameters:
    ///   - path: of the socket, at most 107 bytes. Missing directories are made.
    ///   - inherited: a socket that listens there already. It is taken over, its file is not.
    ///   - onBound: called once clients can connect.
    public init(
        path: String, inherited: CInt? = nil, handler: some JSONRPCHandler,
        limits: JSONRPCLimits = JSONRPCLimits(), logger: Logger,
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        onBound: @escaping @Sendable () async -> Void = {}
    ) {
        self.path = path
        self.inherited = inherited
        self.dispatcher = Dispatcher(handler: handler, limits: limits)
        self.limits = limits
        self.logger = logger
        self.eventLoopGroup = eventLoopGroup
        self.onBound = onBound
    }

    /// - Throws: `JSONRPCTransportError` where the path cannot be taken.
    public func run() async throws {
        let socket = try inherited.map { ListeningSocket(inherited: $0, path: path) } ?? ListeningSocket(path: path)
        defer { socket.unlink() }
        let server = try await listen(on: socket)
        let channel = server.channel
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await serve(server)
            } onGracefulShutdown: {
                socket.unlink()
                channel.close(promise: nil)
            }
        } onCancel: {
            channel.close(promise: nil)
        }
    }

    private func listen(
        on socket: ListeningSocket
    ) async throws -> NIOAsyncChannel<Connection.Accepted, Never> {
        let server = try await ServerBootstrap(group: eventLoopGroup)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .bind(socket.descriptor) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Connection.Accepted(channel)
                }
            }
        socket.listen()
        return server
    }

    private func serve(_ server: NIOAsyncChannel<Connection.Accepted, Never>) async throws {
        let open = OpenConnections(limit: limits.connections)
        try await server.executeThenClose { connections in
            await onBound()
            logger.info("the control socket listens", metadata: ["path": "\(path)"])
            try await withThrowingDiscardingTaskGroup { group in
                for try await accepted in connections {
                    let connection = Connection(accepted, dispatcher, logger)
                    group.addTask { await serve(connection, open) }
                }
            }
        }
    }

    private func serve(_ connection: Connection, _ open: OpenConnections) async {
        guard open.add() else {
            logger.warning(
                "a connection is refused, there are too many", metadata: ["limit": "\(limits.connections)"])
            return await connection.refuse(.busy("There are \(limits.connections) connections already. Try later."))
        }
        defer { open.remove() }
        await connection.run()
    }
}

private final class OpenConnections: Sendable {
    private let count = Mutex(0)
    private let limit: Int
    private let meter = Meter(label: "ordershop_control_connections")

    init(limit: Int) { self.limit = limit }

    /// - Returns: false where there is no room for one more.
    func add() -> Bool {
        count.withLock { count in
            guard count < limit else { return false }
            count += 1
            meter.set(count)
            return true
        }
    }

    func remove() {
        count.withLock { count in
            count -= 1
            meter.set(count)
        }
    }
}
