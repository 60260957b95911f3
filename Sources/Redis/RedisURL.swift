extension RedisConfiguration {
    /// Reads `unix:///path[?db=N]`, `redis://[user:password@]host[:port][/db]`,
    /// `redis+cluster://[user:password@]host[:port][,host[:port]…]`,
    /// `redis+sentinel://[user:password@]host[:port][,host[:port]…]/primary[/db]`, and the last three with `rediss`
    /// for TLS. User and password are those of the servers that keep the data, not those of the Sentinels.
    ///
    /// User, password and path may be percent-encoded, an IPv6 host stands in brackets, the port is 6379 unless
    /// given, that of a Sentinel 26379. Throws `invalidURL` that says what is wrong and never repeats the password.
    public init(url: String) throws(RedisError) {
        if let rest = url.dropping(prefix: "unix://") {
            try self.init(unix: rest)
        } else if let rest = url.dropping(prefix: "redis") {
            let isEncrypted = rest.hasPrefix("s")
            try self.init(network: isEncrypted ? rest.dropFirst() : rest)
            if isEncrypted { tls = TLS() }
        } else {
            throw .url("it has to begin with \(Self.schemes)")
        }
    }

    private static let schemes =
        "unix://, redis://, redis+cluster:// or redis+sentinel://, the last three also with rediss for TLS"

    /// - Parameter rest: what stands behind `redis` or `rediss`.
    private init(network rest: Substring) throws(RedisError) {
        if let rest = rest.dropping(prefix: "://") {
            try self.init(server: rest)
        } else if let rest = rest.dropping(prefix: "+cluster://") {
            try self.init(cluster: rest)
        } else if let rest = rest.dropping(prefix: "+sentinel://") {
            try self.init(sentinel: rest)
        } else {
            throw .url("it has to begin with \(Self.schemes)")
        }
    }

    private init(unix rest: Substring) throws(RedisError) {
        let (path, query) = rest.split(atFirst: "?")
        guard path.hasPrefix("/"), path.count > 1 else {
            throw .url("unix:// needs an absolute path, as in unix:///run/redis/redis.sock")
        }
        self.init(address: .unix(path: try path.percentDecoded("path")))
        guard let query else { return }
        guard let number = query.dropping(prefix: "db=") else {
            throw .url("after the path only ?db=N is known")
        }
        database = try number.databaseNumber()
    }

    private init(server rest: Substring) throws(RedisError) {
        let parts = try Parts(rest)
        guard parts.endpoints.count == 1 else {
            throw .url("several hosts are for redis+cluster:// and redis+sentinel://")
        }
        self.init(address: try parts.endpoints[0].endpoint())
        if let path = parts.path, !path.isEmpty { database = try path.databaseNumber() }
        try readUser(parts.user)
    }

    private init(cluster rest: Substring) throws(RedisError) {
        let parts = try Parts(rest)
        let seeds = try parts.addresses()
        guard parts.path?.isEmpty ?? true else { throw .url("a cluster has no numbered databases") }
        self.init(address: seeds[0])
        topology = .cluster(seeds: seeds)
        try readUser(parts.user)
    }

    private init(sentinel rest: Substring) throws(RedisError) {
        let parts = try Parts(rest)
        let seeds = try parts.addresses(defaultPort: 26379)
        guard let path = parts.path, !path.isEmpty else {
            throw .url("behind the Sentinels stands the name by which they know the primary, as in …:26379/shop")
        }
        let (name, database) = path.split(atFirst: "/")
        guard !name.isEmpty else { throw .url("the primary's name is missing") }
        self.init(address: seeds[0])
        topology = .sentinel(seeds: seeds, primary: try name.percentDecoded("primary's name"))
        if let database, !database.isEmpty { self.database = try database.databaseNumber() }
        try readUser(parts.user)
    }

    /// `[user:password@]endpoint[,endpoint…][/path]`
    private struct Parts {
        let user: Substring?
        let endpoints: [Substring]
        let path: Substring?

        init(_ text: Substring) throws(RedisError) {
            guard !text.contains("?"), !text.contains("#") else {
                throw .url("? and # are not known here; inside a user or password write %3F and %23")
            }
            let authority: Substring
            (authority, path) = text.split(atFirst: "/")
            let hosts: Substring
            (user, hosts) = authority.split(atLast: "@")
            endpoints = hosts.split(separator: ",", omittingEmptySubsequences: false)
        }

        func addresses(defaultPort: Int = 6379) throws(RedisError) -> [Address] {
            try endpoints.map { endpoint throws(RedisError) in try endpoint.endpoint(defaultPort: defaultPort) }
        }
    }

    private mutating func readUser(_ userInfo: Substring?) throws(RedisError) {
        guard let userInfo else { return }
        let (user, secret) = userInfo.split(atFirst: ":")
        guard let secret, !secret.isEmpty else {
            throw .url("before the @ stands user:password, or :password for the default user")
        }
        username = user.isEmpty ? nil : try user.percentDecoded("user")
        password = try secret.percentDecoded("password")
    }
}

extension RedisError {
    fileprivate static func url(_ problem: String) -> RedisError {
        RedisError(.invalidURL, "the Redis URL cannot be used: \(problem)")
    }
}

extension StringProtocol where SubSequence == Substring {
    fileprivate func dropping(prefix: String) -> Substring? {
        hasPrefix(prefix) ? dropFirst(prefix.count) : nil
    }

    fileprivate func split(atFirst separator: Character) -> (Substring, Substring?) {
        guard let at = firstIndex(of: separator) else { return (self[...], nil) }
        return (self[..<at], self[index(after: at)...])
    }

    fileprivate func databaseNumber() throws(RedisError) -> Int {
        guard !isEmpty, allSatisfy(\.isASCIIDigit), let number = Int(self) else {
            throw .url("the database has to be a number from 0 up")
        }
        return number
    }
}

extension Substring {
    fileprivate func split(atLast separator: Character) -> (Substring?, Substring) {
        guard let at = lastIndex(of: separator) else { return (nil, self) }
        return (self[..<at], self[index(after: at)...])
    }

    /// `host`, `host:port`, `[v6]` or `[v6]:port`.
    fileprivate func endpoint(defaultPort: Int = 6379) throws(RedisError) -> RedisConfiguration.Address {
        var (host, port) = split(atFirst: ":")
        if hasPrefix("[") {
            guard let end = firstIndex(of: "]") else { throw .url("the ] after the IPv6 address is missing") }
            host = self[index(after: startIndex)..<end]
            let rest = self[index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw .url("only :port may follow the ]") }
            port = rest.isEmpty ? nil : rest.dropFirst()
        }
        guard !host.isEmpty else { throw .url("the host is missing") }
        return .tcp(host: String(host), port: try port?.portNumber() ?? defaultPort)
    }

    private func portNumber() throws(RedisError) -> Int {
        guard !contains(":") else { throw .url("an IPv6 address has to stand in brackets, as in [::1]:6379") }
        guard allSatisfy(\.isASCIIDigit), let port = Int(self), (1...65535).contains(port) else {
            throw .url("the port has to be a number from 1 to 65535")
        }
        return port
    }

    /// `part` names what is decoded, for the error.
    fileprivate func percentDecoded(_ part: String) throws(RedisError) -> String {
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst()?.hexDigit, let low = rest.popFirst()?.hexDigit else {
                throw .url("in the \(part), % has to be followed by two hexadecimal digits")
            }
            bytes.append(high << 4 | low)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .url("the \(part) is not UTF-8") }
        return text
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}

extension UInt8 {
    fileprivate var hexDigit: UInt8? {
        Character(UnicodeScalar(self)).hexDigitValue.map(UInt8.init)
    }
}
