/// What a `RedisClient` is doing about its connection.
public enum ConnectionState: Sendable, Equatable {
    /// `run()` has not been called yet.
    case notStarted
    case connecting
    case connected
    /// The last attempt failed; the next one starts at `until`.
    case backingOff(reason: RedisError, until: ContinuousClock.Instant)
    /// `run()` has ended, or is ending. No other state follows.
    case shutDown
}
