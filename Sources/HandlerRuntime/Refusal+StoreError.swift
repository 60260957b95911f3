public import EventStore

extension Refusal {
    /// What a caller is told when the store could not do it.
    public init(_ error: StoreError) {
        switch error.code {
        case .outcomeUnknown, .cancelled:
            self.init(.outcomeUnknown, error.message, retryAfter: error.retryAfter)
        case .unavailable, .building: self.init(.unavailable, error.message, retryAfter: error.retryAfter)
        case .unexpectedReply, .foreignKey: self.init(.internalError, error.message)
        }
    }
}
