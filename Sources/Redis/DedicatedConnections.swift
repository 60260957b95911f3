import Synchronization

/// The connections that callers have for themselves. They end when the client goes to another server: what they wait
/// for would never come from the one that it has left.
final class DedicatedConnections: Sendable {
    private let open = Mutex<[ObjectIdentifier: RedisConnection]>([:])

    func add(_ connection: RedisConnection) {
        open.withLock { $0[ObjectIdentifier(connection)] = connection }
    }

    func close(_ connection: RedisConnection) {
        open.withLock { $0[ObjectIdentifier(connection)] = nil }
        connection.close()
    }

    func closeAll(otherThanAt address: RedisConfiguration.Address) {
        let others = open.withLock { open in open.values.filter { $0.address != address } }
        for connection in others { connection.close() }
    }
}
