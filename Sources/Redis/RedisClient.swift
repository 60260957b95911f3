public import Logging
public import NIOCore
public import ServiceLifecycle
import Synchronization

/// A client that keeps one connection to Redis alive for as long as `run()` runs, and shares it among all callers.
///
/// Commands of many tasks travel together, in the order of their calls. A lost connection is made anew by itself.
/// No command is ever repeated by itself, except one that a node of a cluster, or a server that is no primary any
/// more, refused without carrying it out: that one goes to the node that is the right one now.
public final class RedisClient: Service, Sendable {
    /// Where its connections live.
    public let eventLoop: any EventLoop
    let connector: Connector
    let state = Mutex(ClientState())
    let detour: Detour
    let dedicated = DedicatedConnections()

    public var configuration: RedisConfiguration { connector.configuration }

    /// The server that is talked to; without a connection, the configured one.
    public var address: RedisConfiguration.Address {
        state.withLock { $0.connection?.address } ?? configuration.address
    }

    /// - Parameter eventLoopGroup: where the sockets live: all of them on one of its event loops.
    public init(configuration: RedisConfiguration, eventLoopGroup: any EventLoopGroup, logger: Logger) {
        eventLoop = eventLoopGroup.next()
        connector = Connector(configuration: configuration, group: eventLoop, logger: logger)
        detour = Detour(connector)
    }

    // MARK: Commands

    /// Sends one command and waits for its reply.
    ///
    /// Throws an error reply as `server`. Without a connection, waits shortly while one is being made, and throws
    /// `notConnected` (or `connectionRefusedByServer`) at once while attempts fail. Other codes: `outcomeUnknown`,
    /// `overloaded`, `cancelled`, `shutDown`.
    public func send(_ command: RedisCommand) async throws(RedisError) -> RedisValue {
        let connection = try await currentConnection()
        do throws(RedisError) {
            return try await connection.send(command)
        } catch {
            guard connector.redirection(error) != nil else { throw error }
            let reply = await follow([command], [.error(error)], from: connection)[0]
            if case .error(let error) = reply { throw error }
            return reply
        }
    }

    /// Sends all commands in one write. The replies stand in the order of the commands, error replies among them
    /// as `RedisValue.error`. Throws what `send` throws, but no `server` errors.
    public func pipeline(_ commands: [RedisCommand]) async throws(RedisError) -> [RedisValue] {
        let connection = try await currentConnection()
        let replies = try await connection.pipeline(commands)
        let isRedirected = replies.contains { $0.error.flatMap { connector.redirection($0) } != nil }
        return isRedirected ? await follow(commands, replies, from: connection) : replies
    }

    /// Opens a connection for `body` alone and closes it afterwards: for blocking reads, which would hold up
    /// everybody else, and for `MULTI`. Works without `run()`. Nobody follows `MOVED` and `ASK` on it: they are
    /// thrown, and the next dedicated connection is to the right node. It is closed when the client goes to another
    /// server. Throws what `body` throws, and on connecting
    /// `notConnected`, `connectionRefusedByServer`, `unsuitableServer`, `cancelled` or `shutDown`.
    public func withDedicatedConnection<T: Sendable>(
        _ body: @Sendable (RedisConnection) async throws -> T
    ) async throws -> T {
        if state.withLock({ $0.phase == .shutDown }) { throw RedisError.shutDown }
        let connection = try await connector.connect(forWriting: false)
        dedicated.add(connection)
        defer { dedicated.close(connection) }
        return try await body(connection)
    }

    // MARK: The connection

    public var isConnected: Bool { state.withLock { $0.connection != nil } }

    /// The present state, and then each change. Whoever reads too slowly misses older changes, never the newest.
    /// Ends after `shutDown`.
    public var connectionStates: AsyncStream<ConnectionState> {
        let (stream, observer) = AsyncStream.makeStream(
            of: ConnectionState.self, bufferingPolicy: .bufferingNewest(16))
        let (id, present) = state.withLock { $0.observe(observer) }
        observer.onTermination = { [weak self] _ in self?.state.withLock { $0.removeObserver(id: id) } }
        observer.yield(present)
        if present == .shutDown { observer.finish() }
        return stream
    }

    /// Waits for as long as it takes. Throws only `cancelled` and `shutDown`; why attempts fail is told by
    /// `connectionStates`.
    public func waitUntilConnected() async throws(RedisError) {
        for await state in connectionStates {
            if state == .connected { return }
            if state == .shutDown { throw .shutDown }
        }
        throw .cancelled
    }

    func currentConnection() async throws(RedisError) -> RedisConnection {
        if let connection = state.withLock({ $0.connection }) { return connection }
        return try await waitForConnection()
    }

    private func waitForConnection() async throws(RedisError) -> RedisConnection {
        let ticket = CallTicket()
        return try await withTaskCancellationHandler {
            await withCheckedContinuation { addWaiter($0, ticket) }
        } onCancel: {
            if let id = ticket.cancel() { cancelWait(id: id) }
        }.get()
    }

    private func addWaiter(_ waiter: ClientState.Waiter, _ ticket: borrowing CallTicket) {
        switch state.withLock({ $0.wait(waiter) }) {
        case .over(let result): waiter.resume(returning: result)
        case .began(let id, let outage):
            if !ticket.issue(id: id) { cancelWait(id: id) }
            if let outage { endPatience(ofOutage: outage) }
        }
    }

    private func cancelWait(id: UInt64) {
        state.withLock { $0.cancelWait(id: id) }?.resume(returning: .failure(.cancelled))
    }

    private func endPatience(ofOutage outage: Int) {
        connector.group.next().scheduleTask(in: TimeAmount(configuration.connectionPatience)) {
            let (waiters, error) = self.state.withLock { $0.patienceEnded(outage: outage) }
            for waiter in waiters { waiter.resume(returning: .failure(error)) }
        }
    }
}
