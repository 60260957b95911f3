import Glibc
import Redis

/// How far modules have come.
extension Store {
    /// How far a module has handled each of its streams.
    public func checkpoint(of module: String) async throws(StoreError) -> [StreamKey: EventID] {
        positions(in: try await ask(RedisCommand("HGETALL", keys.checkpoint(module))))
    }

    func positions(in reply: RedisValue) -> [StreamKey: EventID] {
        var positions: [StreamKey: EventID] = [:]
        for (name, text) in reply.pairs where name.hasPrefix(keys.prefix) {
            guard let stream = StreamKey(parsing: name.dropFirst(keys.prefix.count)), let id = EventID(text)
            else { continue }
            positions[stream] = id
        }
        return positions
    }

    // MARK: Lag

    /// How many events stand behind the positions in each of the streams, in one round trip.
    /// - Parameter limit: at most so many are counted in each stream, as counting takes Redis's time.
    public func lag(
        of streams: [StreamKey], behind positions: [StreamKey: EventID], limit: Int = Store.lagLimit
    ) async throws(StoreError) -> [StreamKey: Int] {
        try await counts(streams, behind: positions, limit: limit).mapValues(\.count)
    }

    /// A lag from here on may be higher than it was counted.
    public static let lagLimit = 1_000

    /// How many events stand behind the positions in each of the streams, counted in small steps.
    /// - Parameter time: for at most so long; then it is at least what is told.
    /// - Returns: the counts, and whether everything was counted.
    public func fullLag(
        of streams: [StreamKey], behind positions: [StreamKey: EventID], within time: Duration = .seconds(2)
    ) async throws(StoreError) -> (counts: [StreamKey: Int], isComplete: Bool) {
        let deadline = ContinuousClock.now + time
        var (positions, totals, open) = (positions, [StreamKey: Int](), streams)
        while !open.isEmpty {
            if ContinuousClock.now > deadline { return (totals, false) }
            let counts = try await counts(open, behind: positions, limit: Self.lagLimit)
            for (stream, found) in counts {
                totals[stream, default: 0] += found.count
                positions[stream] = found.last ?? positions[stream]
            }
            open = open.filter { counts[$0]?.count == Self.lagLimit }
        }
        return (totals, true)
    }

    private func counts(
        _ streams: [StreamKey], behind positions: [StreamKey: EventID], limit: Int
    ) async throws(StoreError) -> [StreamKey: (count: Int, last: EventID?)] {
        let reply = try await ask(scripts.lag) { command in
            command.append(limit)
            for stream in streams {
                command.append(keys.stream(stream))
                command.append((positions[stream] ?? .zero).description)
            }
        }
        let counts = (reply.array ?? []).map { found in
            (Int(found.array?.first?.int ?? 0), found.array?.last?.string.flatMap { EventID($0) })
        }
        return Dictionary(zip(streams, counts)) { $1 }
    }

    // MARK: Going elsewhere

    /// Puts a module's checkpoint elsewhere, in all of its streams. Only for a module that is disabled: one that works
    /// would find its batch superseded, and handle it again from there.
    public func setCheckpoint(
        of module: String, _ streams: [StreamKey], to position: EventID
    ) async throws(StoreError) {
        if streams.isEmpty { return }
        var command = RedisCommand("HSET", keys.checkpoint(module))
        for stream in streams {
            command.append(keys.stream(stream))
            command.append(position.description)
        }
        _ = try await send(command)
    }

    /// Sends a module back to handle again what it has handled, wherever it runs. Nothing is skipped by it.
    /// - Parameters:
    ///   - streams: those that the module handles; `reacting` are those of them that it reacts to.
    ///   - position: it goes on with the first event behind it.
    ///   - withEffects: whether its reactions run again for what they have handled.
    /// - Returns: up to where events were handled before.
    public func replay(
        _ module: String, streams: [StreamKey], reacting: [StreamKey], from position: EventID, withEffects: Bool
    ) async throws(StoreError) -> EventID {
        let reply = try await run(scripts.replay) { command in
            command.append(keys.checkpoint(module))
            command.append(keys.delivery(module))
            command.append(position.description)
            command.append(withEffects ? "1" : "0")
            command.append(Int(time(nil)))
            command.append(reacting.count)
            for stream in reacting { command.append(keys.stream(stream)) }
            for stream in streams where !reacting.contains(stream) { command.append(keys.stream(stream)) }
        }
        return reply.string.flatMap { EventID($0) } ?? .zero
    }
}

extension RedisValue {
    /// What `HGETALL` answers.
    var pairs: [(name: String, value: String)] {
        let fields = (array ?? []).compactMap(\.string)
        return stride(from: 0, to: fields.count - 1, by: 2).map { (fields[$0], fields[$0 + 1]) }
    }
}
