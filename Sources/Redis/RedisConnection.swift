import NIOCore
import Synchronization

/// One connection to Redis, with as many commands under way at once as there are callers.
///
/// Any task may call at any time. Commands go out in the order of the calls; those that are made before the event
/// loop gets round to it go out in one write.
public final class RedisConnection: Sendable {
    let address: RedisConfiguration.Address
    let eventLoop: any EventLoop
    private let commandTimeout: Duration
    private let metrics = CallMetrics()
    private let state: Mutex<State>
    /// Called once, before anybody who waits is told that the connection is gone.
    private let onClose: @Sendable (RedisConnection) -> Void
    /// Not the channel's own end, which TLS puts off until the peer has said goodbye.
    private let ended: EventLoopPromise<Void>

    /// What ties this to a channel, from the event loop's point of view.
    struct Link: Sendable {
        let channel: any Channel
        let flush: @Sendable () -> Void
    }

    private struct State {
        var queue: CallQueue
        var link: Link?
    }

    init(
        configuration: RedisConfiguration, eventLoop: any EventLoop,
        onClose: @escaping @Sendable (RedisConnection) -> Void
    ) {
        address = configuration.address
        commandTimeout = configuration.commandTimeout
        self.eventLoop = eventLoop
        self.onClose = onClose
        ended = eventLoop.makePromise()
        let limits = CallQueue.Limits(
            commands: configuration.maximumCommandsInFlight, unsentBytes: configuration.maximumUnsentBytes)
        state = Mutex(State(queue: CallQueue(limits: limits), link: nil))
    }

    deinit { ended.succeed() }

    // MARK: Calling

    /// Sends one command and waits for its reply, for at most the configured command time-out.
    ///
    /// Throws an error reply as `server`, and otherwise what `RedisClient.send` throws.
    public func send(_ command: RedisCommand) async throws(RedisError) -> RedisValue {
        try await send(command, timeout: commandTimeout)
    }

    /// Sends one command and waits for its reply.
    ///
    /// - Parameter timeout: when to take the server for frozen and cut the connection; nil waits for ever. For a
    ///   blocking read, choose it longer than its `BLOCK`.
    public func send(_ command: RedisCommand, timeout: Duration?) async throws(RedisError) -> RedisValue {
        try await call(CollectionOfOne(command), isPipeline: false, timeout: timeout)
    }

    /// Sends all commands in one write. The replies stand in the order of the commands, error replies among them
    /// as `RedisValue.error`.
    public func pipeline(_ commands: [RedisCommand]) async throws(RedisError) -> [RedisValue] {
        try await pipeline(commands, timeout: commandTimeout)
    }

    /// - Parameter timeout: for the whole pipeline; nil waits for ever.
    public func pipeline(
        _ commands: [RedisCommand], timeout: Duration?
    ) async throws(RedisError) -> [RedisValue] {
        guard !commands.isEmpty else { return [] }
        return try await call(commands, isPipeline: true, timeout: timeout).array ?? []
    }

    /// Closes the socket at once. What is under way fails with `outcomeUnknown`.
    public func close() {
        fail(RedisError(.notConnected, "\(address): closed by this side"))
    }

    private func call(
        _ commands: some Collection<RedisCommand> & Sendable, isPipeline: Bool, timeout: Duration?
    ) async throws(RedisError) -> RedisValue {
        let ticket = CallTicket()
        let reply = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let call = Call(
                    continuation: continuation, enqueuedAt: .now(), timeout: timeout.map { TimeAmount($0) },
                    missing: commands.count, isPipeline: isPipeline, isBlocking: timeout != commandTimeout)
                enqueue(commands, call, ticket)
            }
        } onCancel: {
            if let id = ticket.cancel() { cancel(id: id) }
        }
        if case .error(let error) = reply { throw error }
        return reply
    }

    private func enqueue(_ commands: some Collection<RedisCommand>, _ call: Call, _ ticket: borrowing CallTicket) {
        // A task that is cancelled already sends nothing.
        if Task.isCancelled {
            call.continuation?.resume(returning: .error(.cancelled))
            return
        }
        let (result, link) = state.withLock { ($0.queue.enqueue(commands, call), $0.link) }
        switch result {
        case .refused(let error): call.continuation?.resume(returning: .error(error))
        case .accepted(let id, let needsFlush):
            if needsFlush, let link { eventLoop.execute(link.flush) }
            if !ticket.issue(id: id) { cancel(id: id) }
        }
    }

    private func cancel(id: UInt64) {
        state.withLock { $0.queue.cancel(id: id) }?.resume(returning: .error(.cancelled))
    }

    // MARK: The client's side

    var isOpen: Bool { state.withLock { $0.queue.isOpen } }

    /// Takes no more calls, and closes once the replies that are under way are in, or after `patience`.
    func finish(within patience: TimeAmount) {
        if state.withLock({ $0.queue.finish() }) {
            close()
        } else {
            eventLoop.scheduleTask(in: patience) { self.close() }
        }
    }

    func untilClosed() async {
        // Never fails.
        try? await ended.futureResult.get()
    }

    // MARK: The channel's side

    /// False when the connection was closed before its channel was there.
    func attach(_ link: Link) -> Bool {
        state.withLock {
            $0.link = link
            return $0.queue.isOpen
        }
    }

    func takeOutgoing(fillingNext spare: ByteBuffer) -> ByteBuffer? {
        state.withLock { $0.queue.takeOutgoing(fillingNext: spare) }
    }

    var deadline: NIODeadline? { state.withLock { $0.queue.deadline } }

    /// Hands the replies to those who wait, outside of the lock. Throws when nobody had asked.
    func deliver(_ replies: [RedisValue]) throws(RedisError) {
        let now = NIODeadline.now()
        let (deliveries, isDone) = state.withLock { state in
            let deliveries = replies.map { state.queue.receive($0, at: now) }
            return (deliveries, !state.queue.isOpen && state.queue.isIdle)
        }
        for delivery in deliveries {
            switch delivery {
            case .resume(let continuation, let value, let waited):
                if let waited { metrics.note(waited) }
                continuation.resume(returning: value)
            case .nothing: break
            case .nobodyAsked:
                throw RedisError(.protocolViolation, "\(address): a reply came that nobody had asked for")
            }
        }
        if isDone { close() }
    }

    /// Ends the connection: everybody who waits is told why, then the channel is closed.
    func fail(_ reason: RedisError) {
        let (abandoned, link) = close(because: reason)
        for continuation in abandoned.sent { continuation.resume(returning: .error(.outcomeUnknown(reason))) }
        for continuation in abandoned.unsent { continuation.resume(returning: .error(.neverSent(reason))) }
        link?.channel.close(promise: nil)
        ended.succeed()
    }

    private func close(because reason: RedisError) -> (CallQueue.Abandoned, Link?) {
        onClose(self)
        return state.withLock { ($0.queue.close(because: reason), $0.link) }
    }
}
