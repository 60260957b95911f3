/// What went wrong with a command, or with the connection that was to carry it.
public struct RedisError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds of failure that a caller may want to tell apart.
    public enum Code: Sendable, Hashable {
        /// Redis itself answered with an error.
        case server(ServerCode)
        /// The command was never sent: safe to repeat.
        case notConnected
        /// Too much is waiting for Redis already. The command was never sent: safe to repeat, later.
        case overloaded
        /// The command was sent, perhaps in part, and the connection was lost or timed out before the reply:
        /// it may or may not have happened.
        case outcomeUnknown
        /// The waiting task was cancelled. The command may or may not have happened.
        case cancelled
        /// The peer sent something that is not RESP2, or a reply nobody had asked for.
        case protocolViolation
        /// Redis does not let this client in: AUTH, ACL, the database number, the limit on clients.
        /// The command was never sent.
        case connectionRefusedByServer
        /// The server is not of the kind that the configuration is made for, such as a cluster where there must be
        /// none. Another configuration is needed. The command was never sent.
        case unsuitableServer
        /// The URL or the configuration cannot be used.
        case invalidURL
        /// The client has ended, or is ending. The command was never sent.
        case shutDown
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened and what to do about it; for a server error, Redis's own words, code included.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code): \(message)" }

    /// True when Redis itself answered with an error.
    public var isServer: Bool { serverCode != nil }

    /// Redis's own error code, if Redis answered at all.
    public var serverCode: ServerCode? {
        if case .server(let code) = code { code } else { nil }
    }

    /// True when the command certainly never reached Redis, so that repeating it cannot do it twice.
    public var wasNeverSent: Bool {
        switch code {
        case .notConnected, .overloaded, .connectionRefusedByServer, .unsuitableServer, .shutDown, .invalidURL: true
        case .server, .outcomeUnknown, .cancelled, .protocolViolation: false
        }
    }

    /// True when the command did nothing and the very same command may succeed later.
    public var isRetryable: Bool {
        switch code {
        case .notConnected, .overloaded, .connectionRefusedByServer: true
        case .server(let code): code.isTemporary
        case .outcomeUnknown, .cancelled, .protocolViolation, .unsuitableServer, .shutDown, .invalidURL: false
        }
    }
}
