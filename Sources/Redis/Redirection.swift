/// Where and when to try a command again that a server refused without carrying it out.
enum Redirection: Equatable {
    /// The node is not the right one any more: find the one that is.
    case elsewhere
    /// What the command is about has moved to that node, though its slot has not yet. A nil host is the same host.
    case ask(host: String?, port: Int)
    /// The node is the right one, but cannot do it just now.
    case later

    init?(ofCluster code: RedisError.ServerCode, _ message: String) {
        switch code {
        case .moved, .clusterdown, .loading, .masterdown, .readonly: self = .elsewhere
        case .tryagain: self = .later
        case .ask: self.init(ask: message)
        case .err, .oom, .busy, .misconf, .noscript, .wrongtype, .noauth, .wrongpass, .noperm, .crossslot,
            .noreplicas, .execabort, .unblocked, .busygroup, .other:
            return nil
        }
    }

    init?(ofReplicated code: RedisError.ServerCode) {
        switch code {
        case .loading, .masterdown, .readonly: self = .elsewhere
        case .moved, .ask, .clusterdown, .tryagain, .err, .oom, .busy, .misconf, .noscript, .wrongtype, .noauth,
            .wrongpass, .noperm, .crossslot, .noreplicas, .execabort, .unblocked, .busygroup, .other:
            return nil
        }
    }

    /// Reads `ASK 3999 127.0.0.1:6381`. What cannot be read is tried again later.
    private init(ask message: String) {
        self = .later
        let words = message.split(separator: " ")
        guard words.count == 3, let colon = words[2].lastIndex(of: ":"),
            let port = Int(words[2][words[2].index(after: colon)...])
        else { return }
        let host = words[2][..<colon]
        self = .ask(host: host.isEmpty ? nil : String(host), port: port)
    }
}
