enum UUIDs {
    /// A random UUID (version 4) in lower case.
    nonisolated(unsafe) static let pattern = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
}
