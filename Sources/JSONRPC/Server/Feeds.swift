import Synchronization

/// The feeds of one connection. They run until the client has gone, beside the calls.
final class Feeds: Sendable {
    private struct State {
        var running = 0
        /// No more calls come, so no more feeds: what runs may go on to its end.
        var isLast = false
    }

    private let connection: JSONRPCConnection
    private let limit: Int
    private let deadlines: Deadlines
    private let state = Mutex(State())
    private let beginning = AsyncStream.makeStream(of: JSONRPCFeed.self)

    init(_ connection: JSONRPCConnection, limit: Int, deadlines: Deadlines) {
        self.connection = connection
        self.deadlines = deadlines
        self.limit = limit
    }

    /// - Returns: false where the connection has as many feeds as it may have.
    func reserve() -> Bool {
        state.withLock { state in
            guard state.running < limit else { return false }
            state.running += 1
            deadlines.beginWork()
            return true
        }
    }

    /// Starts feeds that were reserved, now that the answers are on their way that announce them.
    func start(_ feeds: [JSONRPCFeed]) {
        for feed in feeds { beginning.continuation.yield(feed) }
    }

    /// Returns when all feeds have ended after `finish()`, or soon after `cancel()`.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await feed in beginning.stream {
                group.addTask {
                    await feed(self.connection)
                    self.ended()
                }
            }
            group.cancelAll()
        }
    }

    /// No more calls come, but the client may still listen.
    func finish() {
        let isEmpty = state.withLock { state in
            state.isLast = true
            return state.running == 0
        }
        if isEmpty { cancel() }
    }

    func cancel() {
        connection.end()
        beginning.continuation.finish()
    }

    private func ended() {
        deadlines.endWork()
        let isEmpty = state.withLock { state in
            state.running -= 1
            return state.isLast && state.running == 0
        }
        if isEmpty { cancel() }
    }
}
