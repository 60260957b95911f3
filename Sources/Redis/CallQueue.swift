import DequeModule
import NIOCore

/// One call that waits for its reply: a single command, or a pipeline of several.
struct Call {
    /// nil once the call was cancelled: its place in the line stays, its replies are dropped.
    var continuation: CheckedContinuation<RedisValue, Never>?
    let enqueuedAt: NIODeadline
    /// nil waits for ever.
    let timeout: TimeAmount?
    /// How many replies are still to come.
    var missing: Int
    let isPipeline: Bool
    /// Whether it waits for something to happen, not for Redis.
    let isBlocking: Bool
    /// The replies of a pipeline so far.
    var replies: [RedisValue] = []
}

/// The state of one connection: who waits for which reply, and the bytes that wait to be written.
///
/// Pure: it decides and returns what to do; `RedisConnection` does it, outside of the lock.
struct CallQueue {
    enum Phase {
        case open
        /// Takes no new calls, ends when the last reply is in.
        case finishing
        case closed(RedisError)
    }

    private(set) var phase = Phase.open
    /// Redis answers in the order of the requests, so a line is all the bookkeeping there is. Ids are consecutive:
    /// the call with the id n is at n - firstID.
    private var calls: Deque<Call> = []
    private var firstID: UInt64 = 1
    /// How many calls at the end of the line have not been handed to the socket.
    private var unsentCalls = 0
    private var commandsInFlight = 0
    private var outgoing = ByteBuffer()
    private var flushIsScheduled = false
    /// A call's clock starts no earlier: nobody pays for a blocking read, of another time-out, that stood before.
    private var clockFloor = NIODeadline.uptimeNanoseconds(0)
    private let limits: Limits

    struct Limits {
        let commands: Int
        let unsentBytes: Int
    }

    init(limits: Limits) {
        self.limits = limits
    }

    var isOpen: Bool { if case .open = phase { true } else { false } }
    var isIdle: Bool { calls.isEmpty }

    // MARK: Sending

    enum Enqueued {
        case accepted(id: UInt64, needsFlush: Bool)
        case refused(RedisError)
    }

    mutating func enqueue(_ commands: some Collection<RedisCommand>, _ call: Call) -> Enqueued {
        if let refusal = refusal(of: commands) { return .refused(refusal) }
        for command in commands { command.write(to: &outgoing) }
        calls.append(call)
        unsentCalls += 1
        commandsInFlight += call.missing
        defer { flushIsScheduled = true }
        return .accepted(id: firstID + UInt64(calls.count - 1), needsFlush: !flushIsScheduled)
    }

    private func refusal(of commands: some Collection<RedisCommand>) -> RedisError? {
        switch phase {
        case .closed(let reason): return .neverSent(reason)
        case .finishing: return .shutDown
        case .open: break
        }
        let size = commands.reduce(0) { $0 + $1.encodedSize }
        let isTooMuch = commandsInFlight + commands.count > limits.commands && commandsInFlight > 0
        let isTooBig = outgoing.readableBytes + size > limits.unsentBytes && outgoing.readableBytes > 0
        return isTooMuch || isTooBig ? .overloaded(commandsInFlight, outgoing.readableBytes) : nil
    }

    /// Everything there is to write, in exchange for an empty buffer to fill next; nil when there is nothing.
    mutating func takeOutgoing(fillingNext spare: ByteBuffer) -> ByteBuffer? {
        flushIsScheduled = false
        unsentCalls = 0
        guard outgoing.readableBytes > 0 else { return nil }
        defer { outgoing = spare }
        return outgoing
    }

    // MARK: Receiving

    enum Delivery {
        /// - Parameter waited: since the call; nil where its wait says nothing of Redis.
        case resume(CheckedContinuation<RedisValue, Never>, RedisValue, waited: TimeAmount?)
        /// The pipeline misses more replies, or nobody waits for this one any more.
        case nothing
        case nobodyAsked
    }

    mutating func receive(_ reply: RedisValue, at now: NIODeadline) -> Delivery {
        guard calls.count > unsentCalls else { return .nobodyAsked }
        commandsInFlight -= 1
        calls[0].missing -= 1
        if calls[0].isPipeline { calls[0].replies.append(reply) }
        guard calls[0].missing == 0 else { return .nothing }
        let call = calls.removeFirst()
        firstID += 1
        if call.timeout != calls.first?.timeout { clockFloor = now }
        guard let continuation = call.continuation else { return .nothing }
        return .resume(
            continuation, call.isPipeline ? .array(call.replies) : reply,
            waited: call.isBlocking ? nil : now - call.enqueuedAt)
    }

    /// When the call at the head of the line has waited too long; nil when nothing waits, or waits for ever.
    var deadline: NIODeadline? {
        guard let head = calls.first, let timeout = head.timeout else { return nil }
        return max(head.enqueuedAt, clockFloor) + timeout
    }

    // MARK: Giving up

    /// The continuation of the cancelled call, if it still waits.
    mutating func cancel(id: UInt64) -> CheckedContinuation<RedisValue, Never>? {
        guard id >= firstID, id - firstID < UInt64(calls.count) else { return nil }
        let index = Int(id - firstID)
        defer { calls[index].continuation = nil }
        return calls[index].continuation
    }

    /// From now on no calls are taken. True when there is nothing to wait for.
    mutating func finish() -> Bool {
        if isOpen { phase = .finishing }
        return isIdle
    }

    struct Abandoned {
        var sent: [CheckedContinuation<RedisValue, Never>] = []
        var unsent: [CheckedContinuation<RedisValue, Never>] = []
    }

    /// The connection is gone. Returns who waited, told apart by whether anything of theirs can have been sent.
    mutating func close(because reason: RedisError) -> Abandoned {
        if case .closed = phase { return Abandoned() }
        phase = .closed(reason)
        let firstUnsent = calls.count - unsentCalls
        let abandoned = Abandoned(
            sent: calls.prefix(firstUnsent).compactMap(\.continuation),
            unsent: calls.suffix(unsentCalls).compactMap(\.continuation))
        calls = []
        outgoing = ByteBuffer()
        unsentCalls = 0
        commandsInFlight = 0
        return abandoned
    }
}
