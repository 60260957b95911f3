extension RedisError {
    /// The first word of an error reply of Redis.
    public enum ServerCode: Sendable, Hashable {
        case err, oom, readonly, loading, busy, misconf, noscript, wrongtype
        case noauth, wrongpass, noperm
        case moved, ask, clusterdown, crossslot, tryagain, masterdown, noreplicas
        case execabort, unblocked, busygroup
        /// Any other code, such as one that a script made up, as it was written.
        case other(String)

        /// `word` is the first word of an error reply, such as `WRONGTYPE`.
        public init(word: String) {
            self = Self.known[word] ?? .other(word)
        }

        /// True for a condition of the server's that passes, and under which it does not run the command.
        public var isTemporary: Bool {
            switch self {
            case .oom, .readonly, .loading, .busy, .misconf, .clusterdown, .tryagain, .masterdown, .noreplicas:
                true
            case .err, .noscript, .wrongtype, .noauth, .wrongpass, .noperm, .moved, .ask, .crossslot, .execabort,
                .unblocked, .busygroup, .other:
                false
            }
        }

        private static let known: [String: ServerCode] = [
            "ERR": .err, "OOM": .oom, "READONLY": .readonly, "LOADING": .loading, "BUSY": .busy,
            "MISCONF": .misconf, "NOSCRIPT": .noscript, "WRONGTYPE": .wrongtype, "NOAUTH": .noauth,
            "WRONGPASS": .wrongpass, "NOPERM": .noperm, "MOVED": .moved, "ASK": .ask,
            "CLUSTERDOWN": .clusterdown, "CROSSSLOT": .crossslot, "TRYAGAIN": .tryagain,
            "MASTERDOWN": .masterdown, "NOREPLICAS": .noreplicas, "EXECABORT": .execabort,
            "UNBLOCKED": .unblocked, "BUSYGROUP": .busygroup,
        ]
    }

    /// The error of an error reply: `reply` is its text without the leading `-` and the line's end.
    static func server(reply: String) -> RedisError {
        let word = reply.prefix { $0 != " " }
        // So Redis 7 says NOPERM of what a script wanted.
        let isForbidden = reply.hasPrefix("ERR The user executing the script can't ")
        return RedisError(.server(isForbidden ? .noperm : ServerCode(word: String(word))), reply)
    }
}
