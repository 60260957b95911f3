import Redis

extension Store {
    /// Calls `ring` whenever events of the shop were appended, by whomever, until the task is cancelled.
    ///
    /// A blocked `XREAD` answers with the one stream that woke it, though an atomic step may have appended to
    /// several: so it is a doorbell only, and whoever hears it reads his streams by himself.
    public func listen(_ ring: @Sendable () -> Void) async throws {
        try await redis.withDedicatedConnection { connection in
            var position = try await self.clock(on: connection)
            // Where another program wrote ahead of the clock.
            var ahead: [String: EventID] = [:]
            ring()
            while !Task.isCancelled {
                let command = self.blockingRead(after: position, ahead)
                let reply = try await connection.send(command, timeout: .seconds(30))
                let found = self.newest(in: reply)
                ahead.merge(found) { $1 }
                ring()
                // Under load one ring a moment is enough for all that came in it.
                if !found.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
                position = try await self.clock(on: connection)
                // Everything up to the clock stands in the streams. Where that is more than what rang, whoever was
                // woken may have looked too early.
                if !found.isEmpty, position != found.values.max() { ring() }
            }
        }
    }

    private func blockingRead(after position: EventID, _ ahead: [String: EventID]) -> RedisCommand {
        var command = RedisCommand("XREAD", "COUNT", "1", "BLOCK", "25000", "STREAMS")
        let streams = catalogue.streams.map(keys.stream)
        for stream in streams { command.append(stream) }
        for stream in streams { command.append(max(position, ahead[stream] ?? .zero).description) }
        return command
    }

    private func clock(on connection: RedisConnection) async throws -> EventID {
        try await connection.send(RedisCommand("GET", keys.clock), timeout: nil).string
            .flatMap { EventID($0) } ?? .zero
    }

    private func newest(in reply: RedisValue) -> [String: EventID] {
        var newest: [String: EventID] = [:]
        for stream in reply.array ?? [] {
            guard let name = stream.array?.first?.string else { continue }
            newest[name] = stream.array?.last?.array?.last?.array?.first?.string.flatMap { EventID($0) }
        }
        return newest
    }
}
