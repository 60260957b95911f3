/// Why the daemon cannot start or go on, in a sentence for the operator that also says what to do.
public struct DaemonError: Error, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// Another daemon has it.
        case stateDirectoryInUse
        /// It cannot be made or written.
        case stateDirectoryUnusable
        case redisNotInstalled
        /// The embedded Redis's socket would not fit into `sun_path`.
        case socketPathTooLong
        case redisDoesNotStart
        /// A server left behind holds the data and will not end.
        case redisDoesNotStop
        /// It does not keep what the settings ask for.
        case redisUnfit
    }

    public let code: Code
    public let message: String
    public let cause: (any Error)?

    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    public var description: String { message }
}
