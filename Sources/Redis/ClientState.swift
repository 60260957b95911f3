/// What a `RedisClient` knows. Pure: it decides and returns who is to be told what, outside of the lock.
struct ClientState {
    typealias Waiter = CheckedContinuation<Result<RedisConnection, RedisError>, Never>

    private(set) var phase = ConnectionState.notStarted
    private(set) var connection: RedisConnection?
    /// Whether there has ever been a connection.
    private(set) var wasConnected = false
    /// Why the last attempt failed; nil from the moment a connection stands until an attempt fails.
    private(set) var failure: RedisError?
    /// Tells one time without a connection from the next.
    private var outage = 0
    private var patienceIsOver = false
    private var patienceIsTimed = false
    private var waiters: [UInt64: Waiter] = [:]
    private var observers: [UInt64: AsyncStream<ConnectionState>.Continuation] = [:]
    private var lastID: UInt64 = 0

    // MARK: Waiting for a connection

    enum Wait {
        case over(Result<RedisConnection, RedisError>)
        /// `timesOutage` asks for `patienceEnded(outage:)` to be called later.
        case began(id: UInt64, timesOutage: Int?)
    }

    mutating func wait(_ waiter: Waiter) -> Wait {
        if let connection { return .over(.success(connection)) }
        if let refusal { return .over(.failure(refusal)) }
        lastID += 1
        waiters[lastID] = waiter
        defer { patienceIsTimed = true }
        return .began(id: lastID, timesOutage: patienceIsTimed ? nil : outage)
    }

    private var refusal: RedisError? {
        if phase == .shutDown { return .shutDown }
        if let failure { return .neverSent(failure) }
        return patienceIsOver ? Self.stillConnecting : nil
    }

    private static let stillConnecting = RedisError.neverSent(
        RedisError(.notConnected, "the connection is still being made"))

    mutating func cancelWait(id: UInt64) -> Waiter? {
        waiters.removeValue(forKey: id)
    }

    /// Returns those who waited long enough, and what to tell them.
    mutating func patienceEnded(outage: Int) -> ([Waiter], RedisError) {
        guard outage == self.outage, connection == nil else { return ([], Self.stillConnecting) }
        // Before `run()` nothing is being tried: each caller may wait for it anew.
        patienceIsOver = phase != .notStarted
        patienceIsTimed = false
        return (takeWaiters(), Self.stillConnecting)
    }

    private mutating func takeWaiters() -> [Waiter] {
        defer { waiters = [:] }
        return Array(waiters.values)
    }

    // MARK: The connection's fortunes

    /// Who is to be told what, now that the lock is free.
    struct News {
        var waiters: [Waiter] = []
        var verdict = Result<RedisConnection, RedisError>.failure(.shutDown)
        var observers: [AsyncStream<ConnectionState>.Continuation] = []
        var phase = ConnectionState.shutDown

        func tell() {
            for observer in observers {
                observer.yield(phase)
                if phase == .shutDown { observer.finish() }
            }
            for waiter in waiters { waiter.resume(returning: verdict) }
        }
    }

    /// nil when the client runs already, or has run.
    mutating func start() -> News? {
        guard phase == .notStarted else { return nil }
        beginOutage()
        return change(to: .connecting)
    }

    mutating func attempt() -> News { change(to: .connecting) }

    mutating func connected(_ connection: RedisConnection) -> News {
        guard phase != .shutDown else { return News() }
        self.connection = connection
        wasConnected = true
        failure = nil
        return change(to: .connected, telling: .success(connection))
    }

    /// `connection` is gone; nil when it was not, or no longer, the one in use.
    mutating func lost(_ connection: RedisConnection) -> News? {
        guard self.connection === connection else { return nil }
        self.connection = nil
        beginOutage()
        return change(to: .connecting)
    }

    mutating func failed(_ reason: RedisError, until: ContinuousClock.Instant) -> News {
        guard phase != .shutDown else { return News() }
        failure = reason
        return change(to: .backingOff(reason: reason, until: until), telling: .failure(.neverSent(reason)))
    }

    mutating func shutDown() -> News {
        connection = nil
        return change(to: .shutDown, telling: .failure(.shutDown))
    }

    private mutating func beginOutage() {
        outage += 1
        patienceIsOver = false
        patienceIsTimed = false
    }

    /// With a `verdict`, nobody waits any longer.
    private mutating func change(
        to phase: ConnectionState, telling verdict: Result<RedisConnection, RedisError>? = nil
    ) -> News {
        var news = News(phase: phase)
        if let verdict {
            news.waiters = takeWaiters()
            news.verdict = verdict
        }
        guard self.phase != .shutDown, self.phase != phase else { return news }
        self.phase = phase
        news.observers = Array(observers.values)
        return news
    }

    // MARK: Observers

    mutating func observe(_ observer: AsyncStream<ConnectionState>.Continuation) -> (id: UInt64, ConnectionState) {
        lastID += 1
        if phase != .shutDown { observers[lastID] = observer }
        return (lastID, phase)
    }

    mutating func removeObserver(id: UInt64) {
        observers[id] = nil
    }
}
