public import JSON
import Synchronization

/// The connection that a call came by, for what its client is told beyond the answer.
///
/// Two calls came by the same connection where their connections are identical (`===`).
public final class JSONRPCConnection: Sendable {
    private let outbox: Outbox
    private let gone = Mutex(false)

    init(_ outbox: Outbox) { self.outbox = outbox }

    /// False once the client has gone, or the server is about to end: nobody hears a notification any more.
    public var isOpen: Bool { !gone.withLock(\.self) }

    /// Tells the client something that it did not ask for just now.
    ///
    /// Waits until there is room for it: who notifies in a loop goes no faster than the client reads, and what
    /// stands in memory for a slow client is 64 notifications and one for each who waits here. Those of one caller
    /// arrive in the order of its calls.
    /// - Parameter params: an object or an array, or nil for none.
    /// - Throws: `.closed` when the connection is gone, or the task was cancelled. There is nobody to tell then.
    public func notify(_ method: String, _ params: JSONValue? = nil) async throws(JSONRPCTransportError) {
        guard isOpen, !Task.isCancelled, await outbox.notify(Request.line(method, params, id: nil)) else {
            throw .closed
        }
    }

    func end() { gone.withLock { $0 = true } }
}

/// What goes on after an answer: tells the client of changes until there are no more, or its task is cancelled
/// because the connection closes.
public typealias JSONRPCFeed = @Sendable (JSONRPCConnection) async -> Void
