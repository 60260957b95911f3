import Glibc
public import HandlerRuntime
import Hummingbird
import HummingbirdCore
public import Logging
public import NIOCore
public import ServiceLifecycle
import Synchronization
public import Traces

/// The HTTP server of the REST API, on sockets of its own or on those that systemd holds for it.
public struct GatewayServer: Service {
    /// What keeps one client from taking all of the server.
    public struct Limits: Sendable {
        /// The largest body, in bytes.
        public var body: Int
        /// How many connections are open at once; those beyond wait to be accepted.
        public var connections: Int
        /// All header fields of a request together, in bytes.
        public var headers = 16 * 1_024
        public var timeouts = RequestTimeouts.Limits()

        public init(body: Int, connections: Int) {
            self.body = body
            self.connections = connections
        }
    }

    /// Where to listen.
    public enum Address: Sendable, Hashable, CustomStringConvertible {
        case tcp(host: String, port: Int)
        /// A socket that listens already.
        case inherited(CInt)

        public var description: String {
            switch self {
            case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            case .inherited(let descriptor): "the socket that was handed over (file descriptor \(descriptor))"
            }
        }
    }

    /// Why there is no server.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private let module: GatewayModule
    private let dispatcher: Dispatcher
    private let pages: [GatewayPage]
    private let streams: [GatewayStream]
    private let calls: GatewayCalls
    private let doorkeeper: Doorkeeper
    private let tls: Live<ServerTLS?>
    private let addresses: [Address]
    private let limits: Live<Limits>
    private let sampler: Sampler
    private let eventLoopGroup: any EventLoopGroup
    private let logger: Logger
    private let onBound: @Sendable (SocketAddress?) async -> Void

    /// - Parameters:
    ///   - limits: those of the body and of connections hold at once when they change, the others for new
    ///     connections.
    ///   - sampler: decides which requests are traced.
    ///   - onBound: called with the first of the addresses when all are open.
    public init(
        _ module: GatewayModule, dispatcher: Dispatcher, pages: [GatewayPage] = [],
        streams: [GatewayStream] = [], calls: GatewayCalls, doorkeeper: Doorkeeper,
        tls: Live<ServerTLS?>, addresses: [Address], limits: Live<Limits>, sampler: Sampler,
        eventLoopGroup: any EventLoopGroup, logger: Logger,
        onBound: @escaping @Sendable (SocketAddress?) async -> Void
    ) {
        self.module = module
        self.dispatcher = dispatcher
        self.pages = pages
        self.streams = streams
        self.calls = calls
        self.doorkeeper = doorkeeper
        self.tls = tls
        self.addresses = addresses
        self.limits = limits
        self.sampler = sampler
        self.eventLoopGroup = eventLoopGroup
        self.logger = logger
        self.onBound = onBound
    }

    public func run() async throws {
        let http = HTTP1Channel(responder: answering.respond, configuration: configuration)
        let bound = BoundAddresses()
        try await withThrowingDiscardingTaskGroup { group in
            for address in addresses {
                let listener = HTTPListener(
                    address: address, http: http, limits: limits, tls: tls, eventLoopGroup: eventLoopGroup,
                    logger: quiet)
                group.addTask {
                    try await serve(listener) { local in
                        let all = bound.add(local)
                        if all.count == addresses.count { await onBound(all[0]) }
                    }
                }
            }
        }
    }

    private func serve(
        _ listener: HTTPListener, _ onBound: @escaping @Sendable (SocketAddress?) async -> Void
    ) async throws {
        do { try await listener.run(onBound) } catch let error as IOError {
            let reason = String(cString: strerror(error.errnoCode))
            throw Failure(
                description: "cannot serve on \(listener.address): \(reason). "
                    + "Choose another address or port with --http")
        }
    }

    private var answering: Answering {
        let routes = Routes(
            module: module, dispatcher: dispatcher, pages: pages, streams: streams, calls: calls,
            doorkeeper: doorkeeper, limits: limits, sampler: sampler, logger: logger)
        return Answering(responder: routes.router.buildResponder(), logger: quiet, tls: tls)
    }

    /// Hummingbird and NIO speak of every connection at levels that operators read: theirs are turned down.
    private var quiet: Logger {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        return quiet
    }

    private var configuration: HTTP1Channel.Configuration {
        let limits = limits.value
        return HTTP1Channel.Configuration(
            additionalChannelHandlers: [RequestTimeouts(limits.timeouts)], idleTimeout: nil,
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: limits.headers, maxHeaderListSize: limits.headers, maxHeaderFieldCount: 100))
    }
}

private final class BoundAddresses: Sendable {
    private let all = Mutex<[SocketAddress?]>([])

    func add(_ address: SocketAddress?) -> [SocketAddress?] {
        all.withLock { all in
            all.append(address)
            return all
        }
    }
}
