/// Where Redis is and how to talk to it.
public struct RedisConfiguration: Sendable, CustomStringConvertible {
    public enum Address: Sendable, Hashable, CustomStringConvertible {
        /// A Unix stream socket, as an absolute path.
        case unix(path: String)
        /// A host name or an IP address without brackets.
        case tcp(host: String, port: Int)

        public var description: String {
            switch self {
            case .unix(let path): "unix://\(path)"
            case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            }
        }
    }

    /// How to encrypt a TCP connection. The server's certificate is always verified. Files are PEM, and are read
    /// again at each connect, so that renewed certificates need no restart.
    public struct TLS: Sendable, Hashable {
        /// The certificates to trust; nil trusts what the system trusts.
        public var caFile: String?
        /// False accepts a certificate of a trusted CA that was made out for another host.
        public var verifiesHostname: Bool
        /// The client's own certificate chain, leaf first, for a server that asks for one.
        public var certificateFile: String?
        public var privateKeyFile: String?

        public init(
            caFile: String? = nil, verifiesHostname: Bool = true, certificateFile: String? = nil,
            privateKeyFile: String? = nil
        ) {
            self.caFile = caFile
            self.verifiesHostname = verifiesHostname
            self.certificateFile = certificateFile
            self.privateKeyFile = privateKeyFile
        }
    }

    public var address: Address
    /// nil talks in the clear. Has no effect on a Unix socket.
    public var tls: TLS?
    /// The ACL user; nil is Redis's `default` user.
    public var username: String?
    /// nil sends no AUTH.
    public var password: String?
    public var database = 0
    /// Shown by `CLIENT LIST`. No spaces, no control characters: Redis refuses them.
    public var clientName = "ordershop"
    /// For the socket and for the handshake, each.
    public var connectTimeout = Duration.seconds(2)
    /// A command without a reply for this long cuts the connection, and fails with `outcomeUnknown`.
    public var commandTimeout = Duration.seconds(5)
    /// How long a command waits for a connection that is being made, before it fails with `notConnected`.
    public var connectionPatience = Duration.seconds(1)
    /// The longest pause before the second attempt to connect; doubles with each attempt up to the maximum.
    public var backoffMinimum = Duration.milliseconds(20)
    public var backoffMaximum = Duration.seconds(1)
    /// More commands than this waiting for their replies fail with `overloaded`.
    public var maximumCommandsInFlight = 100_000
    /// More bytes than this waiting to be sent fail with `overloaded`; one big command always passes.
    public var maximumUnsentBytes = 64 << 20

    public init(address: Address) {
        self.address = address
    }

    /// Without the password.
    public var description: String {
        var text = tls == nil ? "\(address)" : "\(address) (TLS)"
        if let username { text += ", user \(username)" }
        if database != 0 { text += ", database \(database)" }
        return text
    }
}

extension RedisConfiguration: CustomDebugStringConvertible, CustomReflectable {
    public var debugDescription: String { description }
    /// Keeps the password out of `dump` and of failed expectations.
    public var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}
