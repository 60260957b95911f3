import Synchronization

/// The nodes of a cluster that a client has heard of: who was right last time, then the others.
final class KnownCluster: Sendable {
    private let addresses = Mutex<[RedisConfiguration.Address]>([])

    /// Whether there is a cluster.
    var isKnown: Bool { addresses.withLock { !$0.isEmpty } }

    var all: [RedisConfiguration.Address] { addresses.withLock(\.self) }

    /// Notes what the node at `home` knows.
    func learn(_ view: ClusterView, home: RedisConfiguration.Address) {
        let others = view.nodes.map(\.address).filter { $0 != home }
        addresses.withLock { $0 = [home] + others }
    }
}
