/// What one node of a cluster knows of the others, and of one slot.
struct ClusterView {
    struct Node {
        let id: String
        let address: RedisConfiguration.Address
        let isMyself: Bool
        let isPrimary: Bool
        /// Most of the cluster takes it for dead.
        let isFailed: Bool
        fileprivate let slots: [Substring]
    }

    let slot: Int
    /// Whether the node takes commands on keys.
    let isServing: Bool
    let nodes: [Node]

    /// What to ask a node.
    static func questions(about key: String) -> [RedisCommand] {
        [
            RedisCommand("CLUSTER", "KEYSLOT", key), RedisCommand("CLUSTER", "INFO"),
            RedisCommand("CLUSTER", "NODES"),
        ]
    }

    /// - Parameters:
    ///   - replies: to `questions`.
    ///   - source: where the node was reached.
    init(_ replies: [RedisValue], from source: RedisConfiguration.Address, prefersNames: Bool) throws(RedisError) {
        for case .error(let error) in replies { throw Self.unusable(source, error) }
        guard replies.count == 3, let slot = replies[0].int, let info = replies[1].string,
            let text = replies[2].string
        else { throw RedisError(.notConnected, "\(source): what it says about the cluster is not understood") }
        self.slot = Int(slot)
        isServing = info.contains("cluster_state:ok")
        nodes = text.split(whereSeparator: \.isNewline).compactMap {
            Node(line: $0, from: source, prefersNames: prefersNames)
        }
    }

    private static func unusable(_ source: RedisConfiguration.Address, _ error: RedisError) -> RedisError {
        let isNone = error.message.contains("cluster support disabled")
        return isNone
            ? RedisError(.unsuitableServer, "\(source) is no node of a Redis Cluster: its URL is redis://\(source)")
            : RedisError(.notConnected, "\(source): \(error.message)")
    }

    var owner: Node? { nodes.first { $0.owns(slot) } }

    /// Whether the node itself is the one to talk to.
    var isHome: Bool { isServing && owner?.isMyself == true }

    /// Whether the node gives the slot's keys away, one by one.
    var isMoving: Bool {
        nodes.contains { $0.isMyself && $0.slots.contains { $0.hasPrefix("[\(slot)->-") } }
    }

    var otherPrimaries: [Node] { nodes.filter { $0.isPrimary && !$0.isMyself && !$0.isFailed } }
}

extension ClusterView.Node {
    /// A line of `CLUSTER NODES`:
    /// `<id> <ip>:<port>@<bus>[,<name>] <flags> <primary> <ping> <pong> <epoch> <link> <slot>…`
    fileprivate init?(line: Substring, from source: RedisConfiguration.Address, prefersNames: Bool) {
        let words = line.split(separator: " ")
        guard words.count >= 8 else { return nil }
        let flags = words[2].split(separator: ",")
        id = String(words[0])
        isMyself = flags.contains("myself")
        isPrimary = flags.contains("master")
        isFailed = flags.contains("fail")
        slots = Array(words.dropFirst(8))
        guard !flags.contains("noaddr"),
            let told = isMyself ? source : Self.address(words[1], source, prefersNames)
        else { return nil }
        address = told
    }

    /// By name where that is what its certificate will be made out for. A node without an address of its own is on
    /// the host of the one that was asked.
    private static func address(
        _ word: Substring, _ source: RedisConfiguration.Address, _ prefersNames: Bool
    ) -> RedisConfiguration.Address? {
        let parts = word.split(separator: ",", omittingEmptySubsequences: false)
        let endpoint = parts[0].prefix { $0 != "@" }
        guard let colon = endpoint.lastIndex(of: ":"), let port = Int(endpoint[endpoint.index(after: colon)...])
        else { return nil }
        let name = prefersNames && parts.count > 1 && !parts[1].contains("=") ? parts[1] : ""
        let host = name.isEmpty ? endpoint[..<colon] : name
        if !host.isEmpty { return .tcp(host: String(host), port: port) }
        guard case .tcp(let host, _) = source else { return nil }
        return .tcp(host: host, port: port)
    }

    fileprivate func owns(_ slot: Int) -> Bool {
        slots.contains { range in
            let ends = range.split(separator: "-").compactMap { Int($0) }
            guard !range.hasPrefix("["), let first = ends.first, let last = ends.last else { return false }
            return first <= slot && slot <= last
        }
    }
}
