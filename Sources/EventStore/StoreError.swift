public import Redis

/// Why the event store could not do what it was asked.
public struct StoreError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// Redis is away, or cannot take the call now. Nothing was written; it may be tried again.
        case unavailable
        /// The connection was lost before the answer and did not come back in time: it may have been written.
        case outcomeUnknown
        /// Redis answered in a way that this store does not understand.
        case unexpectedReply
        /// A key is not of the type that it has in a shop.
        case foreignKey
        /// The waiting task was cancelled: it may have been written.
        case cancelled
    }

    public let code: Code
    public let message: String
    public let cause: RedisError?

    public init(_ code: Code, _ message: String, cause: RedisError? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    init(_ error: RedisError) {
        switch error.code {
        case .cancelled: self.init(.cancelled, "the call was cancelled", cause: error)
        case .outcomeUnknown, .protocolViolation: self.init(.outcomeUnknown, error.message, cause: error)
        case .server(.wrongtype): self.init(.foreignKey, error.message, cause: error)
        default: self.init(.unavailable, error.message, cause: error)
        }
    }

    public var description: String { message }
}
