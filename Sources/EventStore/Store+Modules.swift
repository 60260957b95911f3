import Redis

/// Which modules are on, and who handles their events.
extension Store {
    /// Notes for all daemons of the shop whether a module is enabled. It holds until it is said otherwise.
    /// - Parameter offAtFirst: whether it is disabled where nothing is noted.
    public func setEnabled(
        _ isEnabled: Bool, module: String, offAtFirst: Bool = false
    ) async throws(StoreError) {
        _ = try await send(
            isEnabled && !offAtFirst
                ? RedisCommand("HDEL", keys.modules, module)
                : RedisCommand("HSET", keys.modules, module, isEnabled ? "enabled" : "disabled"))
    }

    /// Disables modules of which nothing was said yet.
    public func disableAtFirst(_ modules: [String]) async throws(StoreError) {
        _ = try await pipeline(modules.map { RedisCommand("HSETNX", keys.modules, $0, "disabled") })
    }

    /// Takes or renews the leases of the modules that are enabled and that nobody else holds; ends those of
    /// disabled ones, whoever holds them. One round trip.
    /// - Parameters:
    ///   - owner: this daemon's name, unlike that of any other and of its own former lives.
    ///   - unfit: modules whose leases are not to be taken.
    ///   - time: for how long the lease holds when it is not renewed.
    public func heartbeat(
        _ modules: [String], owner: String, except unfit: Set<String> = [], time: Duration
    ) async throws(StoreError) -> [ModuleStanding] {
        let milliseconds = (time / .milliseconds(1)).rounded(.up)
        let reply = try await run(scripts.heartbeat) { command in
            command.append(keys.modules)
            command.append(keys.epochs)
            command.append(keys.daemons)
            command.append(owner)
            command.append(Int(milliseconds))
            for module in modules {
                command.append(module)
                command.append(keys.lease(module))
                command.append(unfit.contains(module) ? "0" : "1")
            }
        }
        guard let states = reply.array, states.count == modules.count else { throw unexpected(reply) }
        return states.map { state in
            ModuleStanding(
                isEnabled: state.array?.first?.int == 0, lease: state.array?.last?.string.flatMap { Lease($0) })
        }
    }

    /// Whether a daemon is about: its last heartbeat is no older than it said that it would hold.
    func isAlive(_ daemon: String) async throws(StoreError) -> Bool {
        let replies = try await pipeline([RedisCommand("ZSCORE", keys.daemons, daemon), RedisCommand("TIME")])
        guard let end = replies[0].string.flatMap(Double.init),
            let now = replies[1].array?.first?.string.flatMap(Double.init)
        else { return false }
        return end > now * 1_000
    }

    /// Who handles the modules' events, and for how long that holds if it is not renewed.
    public func leases(of modules: [String]) async throws(StoreError) -> [(lease: Lease, time: Duration)?] {
        let commands = modules.flatMap { module in
            [RedisCommand("GET", keys.lease(module)), RedisCommand("PTTL", keys.lease(module))]
        }
        let replies = try await pipeline(commands)
        return modules.indices.map { index in
            guard let lease = replies[2 * index].string.flatMap({ Lease($0) }) else { return nil }
            return (lease, .milliseconds(max(0, replies[2 * index + 1].int ?? 0)))
        }
    }

    /// Takes leases from whoever has them: only for one who knows that nobody lives who could.
    public func dropLeases(_ modules: [String]) async throws(StoreError) {
        var command = RedisCommand("DEL", keys.daemons)
        for module in modules { command.append(keys.lease(module)) }
        _ = try await send(command)
    }

    /// Gives leases back, so that another daemon can go on at once.
    public func release(_ modules: [String], owner: String) async throws(StoreError) {
        _ = try await run(scripts.release) { command in
            command.append(owner)
            for module in modules { command.append(keys.lease(module)) }
        }
    }
}
