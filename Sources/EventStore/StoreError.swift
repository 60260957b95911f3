public import Redis

/// Why the event store could not do what it was asked.
public struct StoreError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// Redis is away, or cannot take the call now. Nothing was written; it may be tried again.
        case unavailable
        /// A read model is not whole yet. Nothing was written; it may be tried again.
        case building
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
    /// A sentence for an operator: what is wrong, and what to do where it does not pass by itself.
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
        case .server(let code):
            self.init(.unavailable, "Redis \(Self.sentence(code)) (\(error.message))", cause: error)
        case .notConnected, .overloaded, .connectionRefusedByServer, .unsuitableServer, .invalidURL, .shutDown:
            self.init(.unavailable, "Redis cannot do this now: \(error.message)", cause: error)
        }
    }

    /// For a call that only reads: without an answer nothing has happened.
    init(reading error: RedisError) {
        if error.code == .outcomeUnknown {
            self.init(.unavailable, "Redis did not answer: \(error.message)", cause: error)
        } else {
            self.init(error)
        }
    }

    public var description: String { message }

    /// When it makes sense to try again: soon where Redis comes back by itself, later where somebody must see to it.
    public var retryAfter: Duration? {
        switch code {
        case .building: .seconds(5)
        case .unavailable: cause?.serverCode.map(Self.pause) ?? .seconds(1)
        case .outcomeUnknown, .cancelled: .seconds(1)
        case .unexpectedReply, .foreignKey: nil
        }
    }
}

/// What an error of Redis means for a shop.
extension StoreError {
    private static func sentence(_ code: RedisError.ServerCode) -> String {
        switch code {
        case .oom: "has reached its maxmemory and takes no writes: give it more memory, or raise maxmemory"
        case .readonly: "is a read-only replica: redis.url must name the primary"
        case .loading: "is still loading its data: wait until it has"
        case .busy: "is blocked by a script that does not end: redis-cli SCRIPT KILL ends it"
        case .misconf: "cannot write to its disk and takes no writes: make room there, and see its log"
        case .noreplicas: "takes no writes, as it has fewer good replicas than min-replicas-to-write asks for"
        case .masterdown: "is a replica that has lost its primary"
        case .clusterdown: "Cluster is down, or does not serve this shop's slot"
        case .moved, .ask, .tryagain, .crossslot: "Cluster is moving this shop's slot"
        case .noauth, .wrongpass: "wants another password: see redis.url and redis.password_file"
        case .noperm: "does not permit this to its user: compare its ACL with the one that comes with OrderShop"
        case .noscript, .execabort, .unblocked, .busygroup, .wrongtype, .err, .other: "refused it"
        }
    }

    private static func pause(_ code: RedisError.ServerCode) -> Duration {
        switch code {
        case .oom, .readonly, .misconf, .noreplicas, .noauth, .wrongpass, .noperm: .seconds(5)
        case .loading, .busy, .masterdown, .clusterdown, .moved, .ask, .tryagain, .crossslot, .noscript,
            .execabort, .unblocked, .busygroup, .wrongtype, .err, .other:
            .seconds(1)
        }
    }
}
