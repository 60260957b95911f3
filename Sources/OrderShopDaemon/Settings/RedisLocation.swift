/// The form of `redis.url`, checked early, so that a mistake is reported with its file and line. The `Redis` room
/// takes the URL apart.
enum RedisLocation {
    static let expected =
        "unix:///PATH, redis://[USER:PASSWORD@]HOST:PORT[/DB], redis+cluster://[USER:PASSWORD@]HOST:PORT[,HOST:PORT…] "
        + "or redis+sentinel://[USER:PASSWORD@]HOST:PORT[,HOST:PORT…]/PRIMARY[/DB]; rediss instead of redis for TLS"

    static func checked(_ text: String) throws(SettingsOption.Unacceptable) -> String {
        guard text.allSatisfy({ !$0.isWhitespace }) else { throw .init(reason: "has white space in it") }
        guard let mark = text.firstRange(of: "://") else { throw .init(reason: "is no URL") }
        let rest = text[mark.upperBound...]
        switch text[..<mark.lowerBound] {
        case "unix": try checkSocket(rest)
        case "redis", "rediss": try checkServer(rest)
        case "redis+cluster", "rediss+cluster": try checkCluster(rest)
        case "redis+sentinel", "rediss+sentinel": try checkSentinels(rest)
        default: throw .init(reason: "has a scheme that is not known")
        }
        return text
    }

    private static func checkSocket(_ path: Substring) throws(SettingsOption.Unacceptable) {
        guard path.hasPrefix("/"), path.count > 1 else { throw .init(reason: "has no absolute path") }
        guard UnixSocket.fits(String(path)) else {
            throw .init(reason: "has a path of more than \(UnixSocket.longestPath) bytes")
        }
    }

    private static func checkServer(_ rest: Substring) throws(SettingsOption.Unacceptable) {
        let (hosts, path) = parts(of: rest)
        try check(hosts)
        try checkDatabase(path)
    }

    private static func checkCluster(_ rest: Substring) throws(SettingsOption.Unacceptable) {
        let (hosts, path) = parts(of: rest)
        for host in hosts.split(separator: ",", omittingEmptySubsequences: false) { try check(host) }
        guard path.isEmpty else { throw .init(reason: "has something behind the hosts of the cluster") }
    }

    private static func checkSentinels(_ rest: Substring) throws(SettingsOption.Unacceptable) {
        let (hosts, path) = parts(of: rest)
        for host in hosts.split(separator: ",", omittingEmptySubsequences: false) { try check(host) }
        let names = path.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = names.first, !name.isEmpty else {
            throw .init(reason: "does not name the primary behind the Sentinels")
        }
        if names.count > 1 { try checkDatabase(names[1]) }
    }

    /// What stands behind the user and password, before and behind the slash. A password may hold slashes and @, so
    /// the last @ ends it, and only then is there a path to look for.
    private static func parts(of rest: Substring) -> (hosts: Substring, path: Substring) {
        let server = rest.lastIndex(of: "@").map { rest[rest.index(after: $0)...] } ?? rest
        let parts = server.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        return (parts.first ?? "", parts.count == 2 ? parts[1] : "")
    }

    private static func check(_ host: Substring) throws(SettingsOption.Unacceptable) {
        let address = try ListenAddress(parsing: String(host))
        guard address.port > 0 else { throw .init(reason: "has port 0") }
    }

    private static func checkDatabase(_ text: Substring) throws(SettingsOption.Unacceptable) {
        guard text.isEmpty || UInt16(text) != nil else {
            throw .init(reason: "has no number of a database after the host")
        }
    }

    /// `redis://…@host:6379`: what a log may show.
    static func withoutPassword(_ text: String) -> String {
        guard let mark = text.firstRange(of: "://"), let at = text.lastIndex(of: "@"), mark.upperBound <= at
        else { return text }
        return text[..<mark.upperBound] + "…" + text[at...]
    }
}
