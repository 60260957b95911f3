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

    /// Which of several nodes to talk to. It is one at a time, and is found anew for each connection.
    public enum Topology: Sendable, Hashable {
        /// The server at `address`.
        case direct
        /// The node of a Redis Cluster that holds the slot of `ClusterUse.slot`. Any node that can be reached tells
        /// which one it is: the seeds at first, later all that were heard of.
        case cluster(seeds: [Address])
        /// The primary of that name, as the first of these Sentinels tells that can be reached.
        case sentinel(seeds: [Address], primary: String)
    }

    /// What to do about a Redis Cluster, named as one or found behind `address`.
    public enum ClusterUse: Sendable, Hashable {
        /// Talk to the one server, whatever it is; `MOVED` and `ASK` are thrown as they come.
        case ignore
        /// Every key that is used lies on the slot of this one: follow that slot through the cluster.
        case slot(of: String)
        /// Do not work with a cluster.
        case refuse(because: String)
    }

    /// The server, or the first of the topology's seeds.
    public var address: Address
    public var topology = Topology.direct
    public var clusterUse = ClusterUse.ignore
    /// nil talks in the clear. Has no effect on a Unix socket.
    public var tls: TLS?
    /// The ACL user; nil is Redis's `default` user.
    public var username: String?
    /// nil sends no AUTH.
    public var password: String?
    /// For the Sentinels, whose users and passwords are not those of the servers that they watch.
    public var sentinelUsername: String?
    /// nil sends the Sentinels no AUTH.
    public var sentinelPassword: String?
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
        var text = tls == nil ? place : "\(place) (TLS)"
        if let username { text += ", user \(username)" }
        if database != 0 { text += ", database \(database)" }
        return text
    }
}

extension RedisConfiguration {
    private var place: String {
        switch topology {
        case .direct: "\(address)"
        case .cluster(let seeds): "the cluster of \(seeds.list)"
        case .sentinel(let seeds, let primary): "\(primary) by the Sentinels \(seeds.list)"
        }
    }

    /// For one of the servers that keep the data.
    func node(at address: Address) -> RedisConfiguration {
        var node = self
        node.address = address
        node.topology = .direct
        return node
    }

    func sentinel(at address: Address) -> RedisConfiguration {
        var sentinel = node(at: address)
        sentinel.username = sentinelUsername
        sentinel.password = sentinelPassword
        sentinel.database = 0
        return sentinel
    }
}

extension [RedisConfiguration.Address] {
    fileprivate var list: String { map(\.description).joined(separator: ", ") }
}

extension RedisConfiguration: CustomDebugStringConvertible, CustomReflectable {
    public var debugDescription: String { description }
    /// Keeps the password out of `dump` and of failed expectations.
    public var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}
