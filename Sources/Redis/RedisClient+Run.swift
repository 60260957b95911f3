import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

extension RedisClient {
    /// Keeps the connection alive until graceful shutdown or cancellation, and then lets the replies that are under
    /// way come in for up to a second.
    ///
    /// Throws `shutDown` when the client runs already, or has run: make a new one instead; and `unsuitableServer`
    /// when that is what the first server turns out to be.
    public func run() async throws {
        guard let news = state.withLock({ $0.start() }) else {
            throw RedisError(.shutDown, "a RedisClient runs once; make a new one")
        }
        news.tell()
        defer { state.withLock { $0.shutDown() }.tell() }
        try await cancelWhenGracefulShutdown { try await self.keepConnected() }
    }

    private func keepConnected() async throws(RedisError) {
        var backoff = Backoff(minimum: configuration.backoffMinimum, maximum: configuration.backoffMaximum)
        while !Task.isCancelled {
            try await connectOnce(&backoff)
        }
    }

    /// One connection from its beginning to its end, and the pause after it.
    private func connectOnce(_ backoff: inout Backoff) async throws(RedisError) {
        state.withLock { $0.attempt() }.tell()
        do throws(RedisError) {
            let connection = try await connector.connect { [weak self] in self?.lost($0) }
            let lifetime = await ContinuousClock().measure { await use(connection) }
            await detour.close()
            if lifetime >= configuration.backoffMaximum { return backoff.reset() }
            // Lost as soon as it was made: not a failed attempt, but no reason to spin either.
            try? await Task.sleep(for: pause(&backoff))
        } catch {
            await recover(from: error, &backoff)
            // Later it passes, as when the right server comes back.
            if error.code == .unsuitableServer, !state.withLock(\.wasConnected) { throw error }
        }
    }

    private func use(_ connection: RedisConnection) async {
        state.withLock { $0.connected(connection) }.tell()
        dedicated.closeAll(otherThanAt: connection.address)
        // It may have gone between its making and the line above, when nobody could be told.
        if !connection.isOpen { lost(connection) }
        log(.info, "connected to Redis", at: connection.address)
        await withTaskCancellationHandler {
            await untilClosed(connection)
        } onCancel: {
            self.state.withLock { $0.shutDown() }.tell()
            connection.finish(within: .seconds(1))
        }
        if !Task.isCancelled { log(.warning, "lost the connection to Redis", at: connection.address) }
    }

    private func untilClosed(_ connection: RedisConnection) async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                if await self.connector.waitUntilReplaced(connection.address) { self.leave(connection) }
            }
            await connection.untilClosed()
            group.cancelAll()
        }
    }

    private func recover(from error: RedisError, _ backoff: inout Backoff) async {
        if Task.isCancelled { return }
        let isFirst = state.withLock { $0.failure == nil }
        let delay = pause(&backoff)
        state.withLock { $0.failed(error, until: .now + delay) }.tell()
        log(
            isFirst ? .warning : .debug, "cannot connect to Redis", at: configuration.address,
            [LogKey.reason: "\(error.message)", LogKey.attempt: "\(backoff.attempts)", LogKey.pause: "\(delay)"])
        try? await Task.sleep(for: delay)
    }

    private func pause(_ backoff: inout Backoff) -> Duration {
        var generator = SystemRandomNumberGenerator()
        return backoff.next(using: &generator)
    }

    func lost(_ connection: RedisConnection) {
        state.withLock { $0.lost(connection) }?.tell()
    }

    private func log(
        _ level: Logger.Level, _ message: Logger.Message, at address: RedisConfiguration.Address,
        _ more: Logger.Metadata = [:]
    ) {
        let address: Logger.Metadata = [LogKey.address: "\(address)"]
        connector.logger.log(level: level, message, metadata: address.merging(more) { $1 })
    }
}
