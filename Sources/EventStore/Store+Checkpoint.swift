import Redis

/// What the store says of one module at a heartbeat.
public struct ModuleStanding: Sendable, Equatable {
    public let isEnabled: Bool
    /// Who handles the module's events; nil when nobody does.
    public let owner: String?
}

extension Store {
    // MARK: Checkpoints

    /// How far a module has handled each of its streams.
    public func checkpoint(of module: String) async throws(StoreError) -> [StreamKey: EventID] {
        let fields = try await send(RedisCommand("HGETALL", keys.checkpoint(module))).array ?? []
        var positions: [StreamKey: EventID] = [:]
        for index in stride(from: 0, to: fields.count - 1, by: 2) {
            guard let name = fields[index].string, name.hasPrefix(keys.prefix),
                let stream = StreamKey(parsing: name.dropFirst(keys.prefix.count)),
                let id = fields[index + 1].string.flatMap({ EventID($0) })
            else { continue }
            positions[stream] = id
        }
        return positions
    }

    /// How many events stand behind the positions, over all the streams, in one round trip.
    /// - Parameter limit: at most so many are counted in each stream, as counting takes Redis's time.
    public func lag(
        of streams: [StreamKey], behind positions: [StreamKey: EventID], limit: Int = Store.lagLimit
    ) async throws(StoreError) -> Int {
        let reply = try await run(scripts.lag) { command in
            command.append(limit)
            for stream in streams {
                command.append(keys.stream(stream))
                command.append((positions[stream] ?? .zero).description)
            }
        }
        return (reply.array ?? []).reduce(0) { $0 + Int($1.int ?? 0) }
    }

    /// A lag from here on may be higher than it was counted.
    public static let lagLimit = 1_000

    // MARK: Modules and leases

    /// Notes for all daemons of the shop whether a module is enabled. It holds until it is said otherwise.
    public func setEnabled(_ isEnabled: Bool, module: String) async throws(StoreError) {
        _ = try await send(
            isEnabled
                ? RedisCommand("HDEL", keys.modules, module)
                : RedisCommand("HSET", keys.modules, module, "disabled"))
    }

    /// Takes or renews the leases of the modules that are enabled and that nobody else holds; ends those of
    /// disabled ones, whoever holds them. One round trip.
    /// - Parameters:
    ///   - owner: this daemon's name, unlike that of any other and of its own former lives.
    ///   - time: for how long the lease holds when it is not renewed.
    public func heartbeat(
        _ modules: [String], owner: String, time: Duration
    ) async throws(StoreError) -> [ModuleStanding] {
        let milliseconds = (time / .milliseconds(1)).rounded(.up)
        let reply = try await run(scripts.heartbeat) { command in
            command.append(keys.modules)
            command.append(owner)
            command.append(Int(milliseconds))
            for module in modules {
                command.append(module)
                command.append(keys.lease(module))
            }
        }
        guard let states = reply.array, states.count == modules.count else { throw unexpected(reply) }
        return states.map { state in
            ModuleStanding(isEnabled: state.array?.first?.int == 0, owner: state.array?.last?.string)
        }
    }

    /// Takes leases from whoever has them: only for one who knows that nobody lives who could.
    public func dropLeases(_ modules: [String]) async throws(StoreError) {
        var command = RedisCommand("DEL")
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
