/// The form of `redis.url`, checked early, so that a mistake is reported with its file and line. The `Redis` room
/// takes the URL apart.
enum RedisLocation {
    static let expected =
        "unix:///PATH, redis://[USER:PASSWORD@]HOST:PORT[/DB] or rediss://[USER:PASSWORD@]HOST:PORT[/DB]"

    static func checked(_ text: String) throws(SettingsOption.Unacceptable) -> String {
        guard text.allSatisfy({ !$0.isWhitespace }) else { throw .init(reason: "has white space in it") }
        guard let mark = text.firstRange(of: "://") else { throw .init(reason: "is no URL") }
        let rest = text[mark.upperBound...]
        switch text[..<mark.lowerBound] {
        case "unix": try checkSocket(rest)
        case "redis", "rediss": try checkServer(rest)
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
        // A password may hold slashes and @, so the last @ ends it, and only then is there a path to look for.
        let server = rest.lastIndex(of: "@").map { rest[rest.index(after: $0)...] } ?? rest
        let parts = server.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2, !parts[1].isEmpty, UInt16(parts[1]) == nil {
            throw .init(reason: "has no number of a database after the host")
        }
        let address = try ListenAddress(parsing: String(parts.first ?? ""))
        guard address.port > 0 else { throw .init(reason: "has port 0") }
    }

    /// `redis://…@host:6379`: what a log may show.
    static func withoutPassword(_ text: String) -> String {
        guard let mark = text.firstRange(of: "://"), let at = text.lastIndex(of: "@"), mark.upperBound <= at
        else { return text }
        return text[..<mark.upperBound] + "…" + text[at...]
    }
}
