import Glibc
public import HandlerRuntime
import HTTPTypes
import Hummingbird
import HummingbirdCore
public import Logging
public import NIOCore
public import ServiceLifecycle

/// The HTTP server of the REST API.
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

    public enum Address: Sendable, Hashable, CustomStringConvertible {
        case tcp(host: String, port: Int)

        public var description: String {
            switch self {
            case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            }
        }
    }

    /// Why there is no server.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private let module: GatewayModule
    private let dispatcher: Dispatcher
    private let address: Address
    private let limits: Limits
    private let eventLoopGroup: any EventLoopGroup
    private let logger: Logger
    private let onBound: @Sendable (SocketAddress?) async -> Void

    /// - Parameter onBound: called with the address when the port is open.
    public init(
        _ module: GatewayModule, dispatcher: Dispatcher, address: Address, limits: Limits,
        eventLoopGroup: any EventLoopGroup, logger: Logger,
        onBound: @escaping @Sendable (SocketAddress?) async -> Void
    ) {
        self.module = module
        self.dispatcher = dispatcher
        self.address = address
        self.limits = limits
        self.eventLoopGroup = eventLoopGroup
        self.logger = logger
        self.onBound = onBound
    }

    public func run() async throws {
        // Hummingbird and NIO speak of every connection at levels that operators read: theirs are turned down.
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let app = Application(
            router: Routes(module: module, dispatcher: dispatcher, maxBody: limits.body, logger: logger).router,
            server: .http1(configuration: http), configuration: configuration,
            onServerRunning: { channel in
                await onBound(channel.localAddress)
            }, eventLoopGroupProvider: .shared(eventLoopGroup), logger: quiet)
        do { try await app.run() } catch let error as IOError {
            let reason = String(cString: strerror(error.errnoCode))
            throw Failure(
                description: "cannot serve on \(address): \(reason). Choose another address or port with --http")
        }
    }

    private var http: HTTP1Channel.Configuration {
        let timeouts = limits.timeouts
        return HTTP1Channel.Configuration(
            additionalChannelHandlers: [RequestTimeouts(timeouts)], idleTimeout: nil,
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: limits.headers, maxHeaderListSize: limits.headers, maxHeaderFieldCount: 100))
    }

    private var configuration: ApplicationConfiguration {
        let binding: BindAddress =
            switch address {
            case .tcp(let host, let port): .hostname(host, port: port)
            }
        return ApplicationConfiguration(
            address: binding, serverName: "OrderShop",
            availableConnectionsDelegate: MaximumAvailableConnections(limits.connections))
    }
}
