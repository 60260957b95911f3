/// Finds the node of a cluster that holds the slot of a key, by asking one node after the other.
struct ClusterSearch: Sendable {
    let connector: Connector
    let seeds: [RedisConfiguration.Address]
    let key: String

    /// Throws `notConnected` where no node says that it holds the slot and takes commands.
    func connect(
        forWriting: Bool, onClose: @escaping @Sendable (RedisConnection) -> Void
    ) async throws(RedisError) -> RedisConnection {
        var open = connector.cluster.all + seeds
        var tried: Set<RedisConfiguration.Address> = []
        var reasons: [RedisError] = []
        while !open.isEmpty {
            let address = open.removeFirst()
            guard tried.insert(address).inserted else { continue }
            do throws(RedisError) {
                let (connection, view) = try await visit(address, onClose)
                if view.isHome { return try await settle(connection, view, forWriting) }
                connection.close()
                reasons.append(.elsewhere(address, view))
                // Where it says that the slot is, then whoever else may know better.
                open = [view.owner?.address].compactMap(\.self) + open + view.nodes.map(\.address)
            } catch {
                if error.code == .cancelled || error.code == .unsuitableServer { throw error }
                reasons.append(error)
            }
        }
        throw Self.verdict(reasons)
    }

    private func visit(
        _ address: RedisConfiguration.Address, _ onClose: @escaping @Sendable (RedisConnection) -> Void
    ) async throws(RedisError) -> (RedisConnection, ClusterView) {
        let connection = try await connector.dialer(address).dial(onClose: onClose)
        do throws(RedisError) {
            return (connection, try await look(from: connection))
        } catch {
            connection.close()
            throw error
        }
    }

    private func look(from connection: RedisConnection) async throws(RedisError) -> ClusterView {
        let replies = try await ask(connection, ClusterView.questions(about: key))
        return try ClusterView(
            replies, from: connection.address, prefersNames: connector.configuration.tls != nil)
    }

    private func ask(
        _ connection: RedisConnection, _ questions: [RedisCommand]
    ) async throws(RedisError) -> [RedisValue] {
        do throws(RedisError) {
            return try await connection.pipeline(questions, timeout: connector.configuration.connectTimeout)
        } catch {
            throw error.code == .cancelled ? error : RedisError(.notConnected, error.message)
        }
    }

    private func settle(
        _ connection: RedisConnection, _ view: ClusterView, _ forWriting: Bool
    ) async throws(RedisError) -> RedisConnection {
        connector.cluster.learn(view, home: connection.address)
        if !forWriting || view.isMoving { return connection }
        do throws(RedisError) {
            try await expectWhole(view)
            return connection
        } catch {
            connection.close()
            throw error
        }
    }

    /// Where a primary dies in the middle of handing over a slot, the replica that takes its place does not know of
    /// that, and would take the keys that have gone for keys that never were. So nobody writes to a slot of which
    /// another primary has keys, unless its owner knows why. A primary that does not answer cannot be asked.
    private func expectWhole(_ view: ClusterView) async throws(RedisError) {
        let question = RedisCommand("CLUSTER", "COUNTKEYSINSLOT", String(view.slot))
        for node in view.otherPrimaries {
            guard let connection = try? await connector.dialer(node.address).dial() else { continue }
            let count = try? await ask(connection, [question]).first?.int
            connection.close()
            if let count, count > 0 { throw .torn(view.slot, node.address, count) }
        }
    }

    /// Of all reasons, the one that an operator can do most about.
    private static func verdict(_ reasons: [RedisError]) -> RedisError {
        reasons.first { $0.code == .connectionRefusedByServer } ?? reasons.first { $0.isAboutCluster }
            ?? reasons.last ?? RedisError(.notConnected, "the cluster has no nodes")
    }
}

extension RedisError {
    private static let down = "the cluster has no node for the slot"

    fileprivate static func elsewhere(_ address: RedisConfiguration.Address, _ view: ClusterView) -> RedisError {
        let owner = view.owner.map { "\($0.address) has it" } ?? "nobody has it"
        let state = view.isServing ? "" : "; it takes no commands, as the cluster is down"
        return RedisError(.notConnected, "\(down) \(view.slot) now: \(address) says that \(owner)\(state)")
    }

    fileprivate static func torn(_ slot: Int, _ address: RedisConfiguration.Address, _ count: Int64) -> RedisError {
        RedisError(
            .notConnected,
            "slot \(slot) is torn: \(address) has \(count) of its keys, and the node that it belongs to does not know "
                + "why; a move was broken off: take it up again from the node that has the slot now")
    }

    fileprivate var isAboutCluster: Bool { message.hasPrefix(Self.down) || message.hasPrefix("slot ") }
}
