import NIOCore

/// The connection to the node that the client's slot is moving to, for commands on keys that have gone there.
actor Detour {
    private let connector: Connector
    private var connection: RedisConnection?

    init(_ connector: Connector) {
        self.connector = connector
    }

    /// Sends a command that the slot's own node refused with `ASK`.
    func send(
        _ command: RedisCommand, to address: RedisConfiguration.Address
    ) async throws(RedisError) -> RedisValue {
        // `ASKING` holds for the one command behind it.
        let replies = try await connection(to: address).pipeline([RedisCommand("ASKING"), command])
        return replies.last ?? .null
    }

    func close() {
        connection?.finish(within: .seconds(1))
        connection = nil
    }

    private func connection(
        to address: RedisConfiguration.Address
    ) async throws(RedisError) -> RedisConnection {
        if let connection = connectionInUse(to: address) { return connection }
        let new = try await connector.dialer(address).dial()
        // Somebody else may have been quicker.
        if let connection = connectionInUse(to: address) {
            new.close()
            return connection
        }
        close()
        connection = new
        return new
    }

    private func connectionInUse(to address: RedisConfiguration.Address) -> RedisConnection? {
        guard let connection, connection.isOpen, connection.address == address else { return nil }
        return connection
    }
}
