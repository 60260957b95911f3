import Logging
import NIOCore

/// Finds the node to talk to, anew for each connection, and makes connections to it.
struct Connector: Sendable {
    let configuration: RedisConfiguration
    let group: any EventLoopGroup
    let logger: Logger
    /// What is known of the cluster that turned out to be there.
    let cluster = KnownCluster()

    /// Connects to the node that is the right one now.
    ///
    /// Throws `notConnected` (also where no node is the right one at the moment), `connectionRefusedByServer`,
    /// `unsuitableServer`, `invalidURL` for TLS files that cannot be used, or `cancelled`.
    /// - Parameter forWriting: whether to make sure that the node has got all that it must have.
    func connect(
        forWriting: Bool = true, onClose: @escaping @Sendable (RedisConnection) -> Void = { _ in }
    ) async throws(RedisError) -> RedisConnection {
        switch configuration.topology {
        case .direct: try await connectDirectly(forWriting, onClose)
        case .cluster(let seeds): try await connectInCluster(seeds, forWriting, onClose)
        case .sentinel(let seeds, let primary):
            try await SentinelSearch(connector: self, seeds: seeds, primary: primary).connect(onClose: onClose)
        }
    }

    /// Waits for word that another node is the right one now. Returns false at once where nobody sends word: in a
    /// cluster the node itself says so when it is asked for something.
    func waitUntilReplaced(_ address: RedisConfiguration.Address) async -> Bool {
        guard case .sentinel(let seeds, let primary) = configuration.topology else { return false }
        await SentinelSearch(connector: self, seeds: seeds, primary: primary).waitUntilReplaced(address)
        return !Task.isCancelled
    }

    private func connectDirectly(
        _ forWriting: Bool, _ onClose: @escaping @Sendable (RedisConnection) -> Void
    ) async throws(RedisError) -> RedisConnection {
        if cluster.isKnown { return try await connectInCluster([configuration.address], forWriting, onClose) }
        let connection = try await dialer(configuration.address).dial(onClose: onClose)
        if configuration.clusterUse == .ignore { return connection }
        guard try await isInCluster(connection) else { return connection }
        connection.close()
        return try await connectInCluster([configuration.address], forWriting, onClose)
    }

    /// An ACL that forbids to ask is no reason not to work.
    private func isInCluster(_ connection: RedisConnection) async throws(RedisError) -> Bool {
        do throws(RedisError) {
            let info = try await connection.send(
                RedisCommand("INFO", "cluster"), timeout: configuration.connectTimeout)
            return info.string?.contains("cluster_enabled:1") ?? false
        } catch {
            if error.isServer { return false }
            connection.close()
            throw .neverSent(error)
        }
    }

    private func connectInCluster(
        _ seeds: [RedisConfiguration.Address], _ forWriting: Bool,
        _ onClose: @escaping @Sendable (RedisConnection) -> Void
    ) async throws(RedisError) -> RedisConnection {
        switch configuration.clusterUse {
        case .slot(let key):
            try await ClusterSearch(connector: self, seeds: seeds, key: key)
                .connect(forWriting: forWriting, onClose: onClose)
        case .refuse(let reason):
            throw RedisError(.unsuitableServer, "\(configuration.address) is a Redis Cluster: \(reason)")
        case .ignore:
            throw RedisError(.unsuitableServer, "for a Redis Cluster the configuration must name a slot by a key")
        }
    }

    /// For one of the servers that keep the data.
    func dialer(_ address: RedisConfiguration.Address) -> Dialer {
        Dialer(configuration: configuration.node(at: address), group: group, logger: logger)
    }

    /// What a refusal of the server's says about where and when to try again; nil for any other error.
    func redirection(_ error: RedisError) -> Redirection? {
        guard let code = error.serverCode else { return nil }
        switch configuration.topology {
        case .sentinel: return Redirection(ofReplicated: code)
        case .cluster: return Redirection(ofCluster: code, error.message)
        case .direct: return cluster.isKnown ? Redirection(ofCluster: code, error.message) : nil
        }
    }
}
