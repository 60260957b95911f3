#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif
import Synchronization

/// A real redis-server of a test's own, on a Unix socket in a temporary directory, without persistence unless
/// `options` ask for it.
public final class RedisServer: Sendable {
    public let directory: TemporaryDirectory
    public let socketPath: String
    private let options: [String]
    private let process: Mutex<ChildProcess>

    public var url: String { "unix://\(socketPath)" }
    public var processID: Int32? { process.withLock { $0.processID } }

    /// Starts a server and waits until it answers.
    ///
    /// - Parameters:
    ///   - options: as on redis-server's command line, `["--maxmemory", "1mb"]`. A later one wins.
    ///   - directory: where the socket and the data live; a new one unless given.
    public static func start(
        options: [String] = [], directory: TemporaryDirectory? = nil
    ) async throws -> RedisServer {
        let directory = try directory ?? TemporaryDirectory()
        let process = try await launch(options, directory)
        return RedisServer(directory, options, process)
    }

    private init(_ directory: TemporaryDirectory, _ options: [String], _ process: ChildProcess) {
        self.directory = directory
        self.options = options
        self.process = Mutex(process)
        socketPath = Self.socketPath(directory)
    }

    deinit { kill() }

    private static func socketPath(_ directory: TemporaryDirectory) -> String { directory.file("redis.sock") }

    private static func launch(_ options: [String], _ directory: TemporaryDirectory) async throws -> ChildProcess {
        let basics = [
            "redis-server", "--port", "0", "--unixsocket", socketPath(directory), "--dir", directory.path,
            "--save", "", "--appendonly", "no", "--appendfsync", "no", "--daemonize", "no",
        ]
        let log = directory.file("redis.log")
        let process = try await ChildProcess.start(basics + options, output: log)
        for _ in 0..<2000 {
            if answers(directory) { return process }
            guard process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw TestKitError("redis-server did not come up: \(contents(of: log))")
    }

    /// True when the server answers a PING, be it with an error other than LOADING.
    private static func answers(_ directory: TemporaryDirectory) -> Bool {
        guard let reply = try? UnixSocket.exchange("PING\r\n", at: socketPath(directory)) else { return false }
        return !reply.isEmpty && !reply.hasPrefix("-LOADING")
    }

    private static func contents(of file: String) -> String {
        guard let stream = fopen(file, "r") else { return "no log" }
        defer { fclose(stream) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = fread(&bytes, 1, bytes.count, stream)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    // MARK: Its life

    public var isRunning: Bool { process.withLock { $0.isRunning } }

    /// SIGTERM; returns when the server has ended in good order.
    public func stop() { process.withLock { $0.end(with: SIGTERM) } }

    /// SIGKILL; returns when the server is gone.
    public func kill() { process.withLock { $0.end(with: SIGKILL) } }

    /// Starts the server again, with the same options, socket and data; kills it first if it still runs.
    public func restart() async throws {
        kill()
        let new = try await Self.launch(options, directory)
        process.withLock { $0 = new }
    }

    /// SIGSTOP: the server stands still, its sockets stay open.
    public func pause() { process.withLock { $0.pause() } }

    /// SIGCONT after `pause`.
    public func resume() { process.withLock { $0.resume() } }

    /// A TCP port of the loopback interface that was free a moment ago.
    public static func freePort() throws -> Int { try UnixSocket.freePort() }
}

/// Runs `body` with a server of its own, which is gone afterwards.
public func withRedisServer<T>(
    options: [String] = [], _ body: (RedisServer) async throws -> T
) async throws -> T {
    let server = try await RedisServer.start(options: options)
    defer { server.kill() }
    return try await body(server)
}
