import Redis

/// A real Redis Cluster on the loopback interface: three primaries, and three replicas that take over from them.
public final class RedisCluster: Sendable {
    /// The first three begin as primaries, each with a third of the slots; the replica of number n is n + 3.
    public let nodes: [RedisNode]

    /// A URL with three nodes of the cluster: each is enough to find all others.
    public var url: String {
        "redis+cluster://" + nodes.prefix(3).map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
    }

    public func url(ofNode number: Int) -> String { "redis+cluster://127.0.0.1:\(nodes[number].port)" }

    /// Starts a cluster and waits until it takes commands and every replica follows its primary.
    public static func start(options: [String] = []) async throws -> RedisCluster {
        var nodes: [RedisNode] = []
        var buses: [Int] = []
        for _ in 0..<6 {
            buses.append(try LoopbackPort.free())
            nodes.append(
                try await .start(clusterOptions(bus: buses[buses.count - 1]) + options, port: LoopbackPort.free()))
        }
        let cluster = RedisCluster(nodes)
        try await cluster.join(buses)
        return cluster
    }

    private init(_ nodes: [RedisNode]) {
        self.nodes = nodes
    }

    public func kill() {
        for node in nodes { node.server.kill() }
    }

    /// A replica takes over when two seconds have gone by without its primary's word: a busy machine may well keep one
    /// quiet for one.
    private static func clusterOptions(bus: Int) -> [String] {
        [
            "--cluster-enabled", "yes", "--cluster-port", "\(bus)", "--cluster-node-timeout", "2000",
            "--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0",
        ]
    }

    // MARK: Making it

    private func join(_ buses: [Int]) async throws {
        for (number, node) in nodes.enumerated() {
            try await node.run("CLUSTER", "SET-CONFIG-EPOCH", "\(number + 1)")
        }
        for (number, first) in [0, 5461, 10923].enumerated() {
            let last = [5460, 10922, 16383][number]
            try await nodes[number].run("CLUSTER", "ADDSLOTSRANGE", "\(first)", "\(last)")
        }
        for (node, bus) in zip(nodes, buses).dropFirst() {
            try await nodes[0].run("CLUSTER", "MEET", "127.0.0.1", "\(node.port)", "\(bus)")
        }
        try await eventually("all nodes know each other") {
            for node in nodes where try await node.run("CLUSTER", "NODES").lines.count != 6 { return false }
            return true
        }
        for number in 0..<3 {
            let id = try await nodes[number].id()
            try await eventually("the replica has heard of its primary") {
                try await nodes[number + 3].run("CLUSTER", "REPLICATE", id).string == "OK"
            }
        }
        try await waitUntilWhole()
    }

    /// Waits until every node that runs takes the cluster for healthy and every replica is up to date.
    public func waitUntilWhole() async throws {
        try await eventually("the cluster is whole") {
            for node in nodes where node.server.isRunning {
                guard try await node.run("CLUSTER", "INFO").string?.contains("cluster_state:ok") == true else {
                    return false
                }
                if try await node.isPrimary() { continue }
                guard try await node.info("master_link_status") == "up" else { return false }
            }
            return true
        }
    }

    // MARK: Who has what

    public func slot(of key: String) async throws -> Int {
        Int(try await nodes[0].run("CLUSTER", "KEYSLOT", key).int ?? -1)
    }

    /// The node that says of itself that it holds the key's slot, as a primary.
    public func owner(of key: String) async throws -> RedisNode {
        for node in nodes where node.server.isRunning {
            // A replica answers MOVED, and so does whoever else has not got the slot.
            if (try? await node.run("EXISTS", key)) != nil { return node }
        }
        throw TestKitError("no node has the slot of \(key)")
    }

    /// A primary that has not got the key's slot.
    public func otherPrimary(than owner: RedisNode) async throws -> RedisNode {
        for node in nodes where node.server.isRunning && node.port != owner.port {
            if try await node.isPrimary() { return node }
        }
        throw TestKitError("there is no other primary")
    }

    public func replica(of primary: RedisNode) async throws -> RedisNode {
        for node in nodes where node.server.isRunning {
            if try await node.isPrimary() { continue }
            if try await node.info("master_port") == "\(primary.port)" { return node }
        }
        throw TestKitError("the primary at \(primary.port) has no replica")
    }

    /// Has a primary hand over to its replica. It is asked for again where the cluster, on a busy machine, let it lapse.
    public func failOver(from primary: RedisNode, of key: String) async throws {
        let replica = try await replica(of: primary)
        try await replica.waitUntilCaughtUp(with: primary)
        for _ in 0..<6 {
            _ = try? await replica.run("CLUSTER", "FAILOVER")
            let isDone: Void? = try? await eventually("it hands over", within: .seconds(8)) {
                try await self.owner(of: key).port != primary.port
            }
            if isDone != nil { return }
        }
        throw TestKitError("the primary at \(primary.port) did not hand over")
    }

    /// Waits until somebody else than `former` has the slot.
    @discardableResult
    public func waitForOwner(of key: String, otherThan former: RedisNode) async throws -> RedisNode {
        var owner = former
        try await eventually("the slot has another owner") {
            owner = try await self.owner(of: key)
            return owner.port != former.port
        }
        return owner
    }
}

// MARK: Moving a slot

extension RedisCluster {
    /// Moves a slot some keys at a time, as `redis-cli --cluster reshard` does.
    /// - Returns: how many keys were moved.
    public func move(slot: Int, from source: RedisNode, to target: RedisNode) async throws -> Int {
        try await begin(moving: slot, from: source, to: target)
        var moved = 0
        while case let count = try await moveKeys(5, of: slot, from: source, to: target), count > 0 {
            moved += count
        }
        try await end(moving: slot, to: target)
        return moved
    }

    /// Opens the slot at both ends.
    public func begin(moving slot: Int, from source: RedisNode, to target: RedisNode) async throws {
        try await target.run("CLUSTER", "SETSLOT", "\(slot)", "IMPORTING", source.id())
        try await source.run("CLUSTER", "SETSLOT", "\(slot)", "MIGRATING", target.id())
    }

    /// Moves one key; false when there is none left.
    public func moveKey(of slot: Int, from source: RedisNode, to target: RedisNode) async throws -> Bool {
        try await moveKeys(1, of: slot, from: source, to: target) > 0
    }

    /// - Returns: how many there were.
    private func moveKeys(
        _ count: Int, of slot: Int, from source: RedisNode, to target: RedisNode
    ) async throws -> Int {
        let keys = try await source.strings("CLUSTER", "GETKEYSINSLOT", "\(slot)", "\(count)")
        if keys.isEmpty { return 0 }
        let words = ["127.0.0.1", "\(target.port)", "", "0", "5000", "KEYS"]
        _ = try await source.pipeline([RedisCommand("MIGRATE", arguments: words + keys)])
        return keys.count
    }

    /// Gives the slot to the target, there first.
    public func end(moving slot: Int, to target: RedisNode) async throws {
        let id = try await target.id()
        try await target.run("CLUSTER", "SETSLOT", "\(slot)", "NODE", id)
        for node in nodes where node.server.isRunning && node.port != target.port {
            guard try await node.isPrimary() else { continue }
            try await node.run("CLUSTER", "SETSLOT", "\(slot)", "NODE", id)
        }
    }

    /// The keys of the slot that a node has got, whoever it belongs to.
    public func keys(of slot: Int, at node: RedisNode) async throws -> [String] {
        try await node.strings("CLUSTER", "GETKEYSINSLOT", "\(slot)", "1000000")
    }
}

extension RedisNode {
    fileprivate func id() async throws -> String { try await run("CLUSTER", "MYID").string ?? "" }
}

extension RedisValue {
    fileprivate var lines: [Substring] { (string ?? "").split(whereSeparator: \.isNewline) }
}

/// Runs `body` with a cluster of its own, which is gone afterwards.
public func withRedisCluster<T>(options: [String] = [], _ body: (RedisCluster) async throws -> T) async throws -> T
{
    let cluster = try await RedisCluster.start(options: options)
    defer { cluster.kill() }
    return try await body(cluster)
}
