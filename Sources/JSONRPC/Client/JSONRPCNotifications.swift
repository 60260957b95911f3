public import JSON

/// Something that the server told without having been asked just then.
public struct JSONRPCNotification: Sendable, Hashable {
    public let method: String
    /// An array, an object or nil.
    public let params: JSONValue?
}

/// What a server tells one client, in the order in which it was told, until the connection closes.
///
/// Each notification is taken out once, whoever iterates; who stops iterating may go on later. What is not taken
/// out waits, and when much waits nothing more is read from the connection, answers to calls included. So whoever
/// asks to be told of something must listen.
public struct JSONRPCNotifications: AsyncSequence, Sendable {
    let buffer: NotificationBuffer
    /// Who listens keeps the connection open.
    let client: JSONRPCClient

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(buffer: buffer, client: client) }

    public struct AsyncIterator: AsyncIteratorProtocol {
        let buffer: NotificationBuffer
        let client: JSONRPCClient

        /// - Returns: nil when the connection is closed and all was taken out, or the task is cancelled.
        public func next() async -> JSONRPCNotification? { await buffer.next() }

        public func next(isolation actor: isolated (any Actor)?) async throws(Never) -> JSONRPCNotification? {
            await buffer.next()
        }
    }
}
