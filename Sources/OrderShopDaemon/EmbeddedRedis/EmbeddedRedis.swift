import Glibc
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle
import Synchronization

/// The daemon's own redis-server, on a Unix socket in the state directory, for a shop that names no other Redis.
///
/// Put it first in the service group: it is then stopped last. It is started again whenever it ends, with
/// back-off. Clients see a broken connection and reconnect, as with any Redis.
public final class EmbeddedRedis: Service {
    /// `redis/redis.sock` in the state directory.
    public let socketPath: String

    /// A start that has never succeeded is given up after so many tries; later ends never are.
    static let firstTries = 3

    let layout: EmbeddedRedisLayout
    let logger: Logger
    private let patience: Duration
    private let ready = ReadySignal()
    private let state = Mutex(State())

    private struct State {
        /// The running server. Set and cleared with the lock held, so that no signal goes to a reused pid.
        var child: pid_t?
        var isStopping = false
        var killing: Scheduled<Void>?
    }

    /// - Parameters:
    ///   - directory: locked, and so ours: two servers on one append-only file would destroy it.
    ///   - server: the redis-server's path, or its name to look up in `searchPath`.
    ///   - searchPath: the daemon's `PATH`; `setpriv` is looked up there, too.
    ///   - patience: how long a server that was asked to end may take to write its file out, before it is killed.
    /// - Throws: when the socket's path is too long or there is no such program.
    public init(
        in directory: StateDirectory, server: String, searchPath: String, logger: Logger,
        patience: Duration = .seconds(10)
    ) throws(DaemonError) {
        layout = try EmbeddedRedisLayout(in: directory, server: server, searchPath: searchPath)
        socketPath = layout.socket
        self.logger = logger
        self.patience = patience
    }

    /// Returns when the server answers, which after a crash takes until it has read its file.
    ///
    /// - Throws: `DaemonError` when it does not start, `CancellationError` when it is being stopped.
    public func waitUntilReady() async throws {
        try await ready.wait()
    }

    public func run() async throws {
        // PR_SET_PDEATHSIG fires when the *thread* that started the child ends, not the process. So the child needs
        // a thread that lives as long as itself: this one, which waits for it. (swift-subprocess starts children
        // from threads of its own, which may end at any time.)
        let thread = NIOThreadPool(numberOfThreads: 1)
        thread.start()
        let result: Result<Void, any Error>
        do {
            try await withTaskCancellationOrGracefulShutdownHandler {
                try await supervise(on: thread)
            } onCancelOrGracefulShutdown: {
                self.stop()
            }
            result = .success(())
            ready.fail(CancellationError())
        } catch {
            result = .failure(error)
            ready.fail(error)
        }
        try? await thread.shutdownGracefully()
        try result.get()
    }

    private func supervise(on thread: NIOThreadPool) async throws {
        if !layout.endsWithDaemon {
            logger.warning("No setpriv: the embedded Redis would outlive a daemon that is killed")
        }
        try await thread.runIfActive { try self.retireOrphan() }
        var failures = 0
        var hasBeenReady = false
        while !isStopping {
            let start = ContinuousClock.now
            let (end, wasReady) = try await runOnce(on: thread)
            if isStopping { break }
            hasBeenReady = hasBeenReady || wasReady
            // A server that ran for a while gets a quick restart again.
            failures = wasReady && ContinuousClock.now - start > .seconds(10) ? 1 : failures + 1
            guard hasBeenReady || failures < Self.firstTries else { throw doesNotStart(end) }
            await pauseAfter(end, failures: failures)
        }
        logger.info("Embedded Redis stopped")
    }

    /// One life of the server.
    private func runOnce(on thread: NIOThreadPool) async throws -> (end: ChildProcess.End?, wasReady: Bool) {
        defer { ready.close() }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.announceReadiness() }
            defer { group.cancelAll() }
            let end = try await thread.runIfActive { try self.runChild() }
            return (end, ready.isOpen)
        }
    }

    /// Blocks for as long as the server runs.
    private func runChild() throws(DaemonError) -> ChildProcess.End? {
        layout.rotateLog()
        let (arguments, environment) = (layout.arguments, layout.environment)
        let pid = try state.withLock { state throws(DaemonError) -> pid_t? in
            guard !state.isStopping else { return nil }
            do {
                state.child = try ChildProcess.spawn(arguments, environment: environment, output: layout.log)
            } catch {
                throw DaemonError(
                    .redisDoesNotStart, "\(arguments[0]) cannot be started: \(error).", cause: error)
            }
            return state.child
        }
        guard let pid else { return nil }
        logger.info("Embedded Redis started", metadata: ["pid": "\(pid)", "socket": "\(socketPath)"])
        ChildProcess.waitForEnd(of: pid)
        return state.withLock { state in
            state.child = nil
            state.killing?.cancel()
            return ChildProcess.reap(pid)
        }
    }

    /// There is no event to wait for in "it answers", so this asks until it does.
    private func announceReadiness() async {
        let socket = socketPath
        while !Task.isCancelled {
            let answer = try? await NIOThreadPool.singleton.runIfActive {
                RawRedis(socket: socket)?.ask("PING")
            }
            if answer?.hasPrefix("+PONG") == true {
                ready.open()
                return logger.info("Embedded Redis answers")
            }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    private func pauseAfter(_ end: ChildProcess.End?, failures: Int) async {
        let delay = min(Duration.seconds(10), .milliseconds(100) * (1 << min(failures - 1, 10)))
        logger.error(
            "Embedded Redis ended and is started again",
            metadata: [
                "reason": "\(end.map(\.description) ?? "unknown")", "delay": "\(delay)",
                "log": "\(layout.lastLogLines)",
            ])
        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: delay) }
    }
}

extension EmbeddedRedis {
    private var isStopping: Bool { state.withLock(\.isStopping) }

    /// Asks the server to end; it writes its file out first. The timer and not a task kills it if it does not end:
    /// our task may have been cancelled, and could not sleep.
    private func stop() {
        state.withLock { state in
            state.isStopping = true
            guard let pid = state.child, state.killing == nil else { return }
            Glibc.kill(pid, SIGTERM)
            state.killing = MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: .init(patience)) {
                self.kill(ifStillRunning: pid)
            }
        }
    }

    private func kill(ifStillRunning pid: pid_t) {
        state.withLock { state in
            guard state.child == pid else { return }
            logger.error("Embedded Redis does not end and is killed", metadata: ["pid": "\(pid)"])
            Glibc.kill(pid, SIGKILL)
        }
    }

    /// Ends a server of an earlier daemon that still has the data, and waits until it has written everything.
    ///
    /// `setpriv --pdeathsig` leaves none behind; but it may be missing, and a server takes its time to end.
    private func retireOrphan() throws(DaemonError) {
        guard let orphan = RawRedis(socket: socketPath) else { return }
        let pid = orphan.server
        logger.warning(
            "A redis-server of an earlier daemon is still there; ending it",
            metadata: ["pid": "\(pid.map(String.init) ?? "unknown")"])
        _ = orphan.ask("SHUTDOWN", within: 0)
        if orphan.waitForEnd(within: patience) { return }
        // It is there, as it has not closed the connection, so the pid is still its own.
        if let pid { Glibc.kill(pid, SIGKILL) }
        guard orphan.waitForEnd(within: .seconds(2)) else {
            throw DaemonError(
                .redisDoesNotStop,
                """
                A redis-server\(pid.map { " with pid \($0)" } ?? "") still serves \(socketPath) and does not end. \
                Stop it, then start ordershopd again.
                """)
        }
    }

    private func doesNotStart(_ end: ChildProcess.End?) -> DaemonError {
        DaemonError(
            .redisDoesNotStart,
            """
            The embedded Redis does not start (\(end.map(\.description) ?? "unknown reason")). Mend what its log \
            \(layout.log) says, or set redis.url to use another Redis. The log's last lines:
            \(layout.lastLogLines)
            """)
    }
}
