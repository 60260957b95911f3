/// Finds the primary that Sentinels watch over, by asking one Sentinel after the other.
struct SentinelSearch: Sendable {
    let connector: Connector
    let seeds: [RedisConfiguration.Address]
    /// The name by which they know it.
    let primary: String

    /// Throws `notConnected` where no Sentinel names a server that is a primary.
    func connect(
        onClose: @escaping @Sendable (RedisConnection) -> Void
    ) async throws(RedisError) -> RedisConnection {
        var reasons: [RedisError] = []
        for seed in seeds {
            do throws(RedisError) {
                return try await connect(to: try await address(from: seed), onClose)
            } catch {
                if error.code == .cancelled { throw error }
                reasons.append(error)
            }
        }
        throw Self.verdict(reasons)
    }

    /// Of all reasons, the one that an operator can do most about.
    private static func verdict(_ reasons: [RedisError]) -> RedisError {
        reasons.first { $0.code == .connectionRefusedByServer } ?? reasons.first { $0.message.hasPrefix(promise) }
            ?? reasons.last ?? RedisError(.notConnected, "no Sentinel is named")
    }

    private static let promise = "the Sentinels' word is "

    private func connect(
        to address: RedisConfiguration.Address, _ onClose: @escaping @Sendable (RedisConnection) -> Void
    ) async throws(RedisError) -> RedisConnection {
        do throws(RedisError) {
            let connection = try await connector.dialer(address).dial(onClose: onClose)
            try await expectPrimary(connection)
            return connection
        } catch {
            guard error.code == .notConnected else { throw error }
            throw RedisError(.notConnected, "\(Self.promise)\(address), but: \(error.message)")
        }
    }

    private func address(
        from seed: RedisConfiguration.Address
    ) async throws(RedisError) -> RedisConfiguration.Address {
        let sentinel = try await dial(seed)
        defer { sentinel.close() }
        return try await address(from: sentinel)
    }

    private func dial(_ seed: RedisConfiguration.Address) async throws(RedisError) -> RedisConnection {
        let configuration = connector.configuration.sentinel(at: seed)
        return try await Dialer(
            configuration: configuration, group: connector.group, logger: connector.logger
        ).dial()
    }

    private func address(
        from sentinel: RedisConnection
    ) async throws(RedisError) -> RedisConfiguration.Address {
        let seed = sentinel.address
        let reply = try await ask(sentinel, RedisCommand("SENTINEL", "GET-MASTER-ADDR-BY-NAME", primary))
        if reply.isNull {
            throw RedisError(.notConnected, "the Sentinel \(seed) watches over no primary \(primary)")
        }
        guard let fields = reply.array, fields.count == 2, let host = fields[0].string, let port = fields[1].int
        else { throw RedisError(.notConnected, "what the Sentinel \(seed) says is not understood") }
        return .tcp(host: host, port: Int(port))
    }

    /// The Sentinels' word may be old: a server that was a primary, or is not yet one.
    private func expectPrimary(_ connection: RedisConnection) async throws(RedisError) {
        do throws(RedisError) {
            let role = try await ask(connection, RedisCommand("ROLE")).array?.first?.string
            if role == "master" { return }
            throw RedisError(.notConnected, "it is no primary now but a \(role ?? "?")")
        } catch {
            connection.close()
            throw error
        }
    }

    // MARK: Watching

    /// Returns when a Sentinel names another primary than `present`, which is one, or when the task is cancelled.
    ///
    /// A fail-over that an operator asks for leaves the former primary as it is for about ten seconds, and what is
    /// written there in that time is lost. So the Sentinels are asked over and over.
    func waitUntilReplaced(_ present: RedisConfiguration.Address) async {
        while !Task.isCancelled {
            for seed in seeds where await names(another: present, seed) { return }
            try? await Task.sleep(for: Self.interval)
        }
    }

    private static let interval = Duration.milliseconds(250)

    /// Asks one Sentinel for as long as it answers; false when it does not any more.
    private func names(another present: RedisConfiguration.Address, _ seed: RedisConfiguration.Address) async
        -> Bool
    {
        guard let sentinel = try? await dial(seed) else { return false }
        defer { sentinel.close() }
        while let named = try? await address(from: sentinel) {
            if named != present, let connection = try? await connect(to: named, { _ in }) {
                connection.close()
                return true
            }
            try? await Task.sleep(for: Self.interval)
        }
        return false
    }

    // MARK: Asking

    private func ask(
        _ connection: RedisConnection, _ question: RedisCommand
    ) async throws(RedisError) -> RedisValue {
        do throws(RedisError) {
            return try await connection.send(question, timeout: connector.configuration.connectTimeout)
        } catch {
            throw error.code == .cancelled
                ? error : RedisError(.notConnected, "\(connection.address): \(error.message)")
        }
    }
}
