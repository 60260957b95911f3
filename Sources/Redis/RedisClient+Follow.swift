import NIOCore
import Synchronization

extension RedisClient {
    /// Sends those of `commands` again that a node refused because it is not the one to do it, or not just now: to
    /// the node that is, for as long as a caller would wait for a connection.
    ///
    /// That is safe as they were refused, not carried out. What a lost connection leaves unknown is never sent again.
    /// - Parameters:
    ///   - replies: what `connection` has answered to them.
    /// - Returns: the replies in their order; among them the refusals of those for which the time ran out.
    func follow(
        _ commands: [RedisCommand], _ replies: [RedisValue], from connection: RedisConnection
    ) async -> [RedisValue] {
        let deadline = ContinuousClock.now + configuration.connectionPatience
        var pauses = Backoff(minimum: .milliseconds(5), maximum: .milliseconds(50))
        var (replies, connection) = (replies, connection)
        while true {
            await askElsewhere(commands, &replies, connection)
            let open = replies.indices.filter { isOpen(replies[$0]) }
            if open.isEmpty || ContinuousClock.now > deadline { return replies }
            if open.contains(where: { leaves(replies[$0]) }) { leave(connection) }
            if open.contains(where: { !leaves(replies[$0]) }) { await pause(&pauses) }
            do throws(RedisError) {
                connection = try await currentConnection()
                let answers = try await connection.pipeline(open.map { commands[$0] })
                for (index, answer) in zip(open, answers) { replies[index] = answer }
            } catch {
                for index in open { replies[index] = .error(error) }
            }
        }
    }

    /// Whether it may be sent again.
    private func isOpen(_ reply: RedisValue) -> Bool {
        guard let error = reply.error else { return false }
        return error.code == .notConnected || connector.redirection(error) != nil
    }

    private func leaves(_ reply: RedisValue) -> Bool {
        reply.error.flatMap { connector.redirection($0) } == .elsewhere
    }

    /// Gives the connection up: whoever calls from now on waits for one to the right node.
    func leave(_ connection: RedisConnection) {
        lost(connection)
        // Others wait for replies on it, which the node will give.
        connection.finish(within: .seconds(1))
    }

    private func pause(_ pauses: inout Backoff) async {
        var generator = SystemRandomNumberGenerator()
        try? await Task.sleep(for: pauses.next(using: &generator))
    }

    // MARK: A slot that is being moved

    private func askElsewhere(
        _ commands: [RedisCommand], _ replies: inout [RedisValue], _ connection: RedisConnection
    ) async {
        for index in replies.indices where !commands[index].needsWholeSlot {
            guard let error = replies[index].error, case .ask(let host, let port) = connector.redirection(error)
            else { continue }
            guard let address = address(host, port, seenFrom: connection.address) else { continue }
            replies[index] = await ask(commands[index], address) ?? replies[index]
        }
    }

    /// nil when the node has not got all that the command is about either, or has it without the others knowing yet:
    /// then the one that was asked first will know what to do in a moment.
    private func ask(_ command: RedisCommand, _ address: RedisConfiguration.Address) async -> RedisValue? {
        do throws(RedisError) {
            let reply = try await detour.send(command, to: address)
            return isOpen(reply) || reply.error?.serverCode == .noscript ? nil : reply
        } catch {
            return error.wasNeverSent ? nil : .error(error)
        }
    }

    private func address(
        _ host: String?, _ port: Int, seenFrom node: RedisConfiguration.Address
    ) -> RedisConfiguration.Address? {
        if let host { return .tcp(host: host, port: port) }
        guard case .tcp(let host, _) = node else { return nil }
        return .tcp(host: host, port: port)
    }
}
