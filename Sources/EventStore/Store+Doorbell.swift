import Redis

extension Store {
    /// Calls `ring` whenever events of the shop were appended, by whomever, until the task is cancelled.
    ///
    /// A blocked `XREAD` answers with the one stream that woke it, though an atomic step may have appended to
    /// several: so it is a doorbell only, and whoever hears it reads his streams by himself.
    public func listen(_ ring: @Sendable () -> Void) async throws {
        try await redis.withDedicatedConnection { connection in
            var position = try await self.clock(on: connection)
            ring()
            while !Task.isCancelled {
                let reply = try await connection.send(self.blockingRead(after: position), timeout: .seconds(30))
                guard let woken = self.newest(in: reply) else { continue }
                // Read after the wake-up: everything up to it stands in the streams, so nothing is slept through.
                position = max(woken, try await self.clock(on: connection))
                ring()
                // Under load one ring a moment is enough for all that came in it.
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    private func blockingRead(after position: EventID) -> RedisCommand {
        var command = RedisCommand("XREAD", "COUNT", "1", "BLOCK", "10000", "STREAMS")
        for stream in catalogue.streams { command.append(keys.stream(stream)) }
        for _ in catalogue.streams { command.append(position.description) }
        return command
    }

    private func clock(on connection: RedisConnection) async throws -> EventID {
        try await connection.send(RedisCommand("GET", keys.clock), timeout: nil).string
            .flatMap { EventID($0) } ?? .zero
    }

    private func newest(in reply: RedisValue) -> EventID? {
        (reply.array ?? []).compactMap { stream in
            stream.array?.last?.array?.last?.array?.first?.string.flatMap { EventID($0) }
        }.max()
    }
}
