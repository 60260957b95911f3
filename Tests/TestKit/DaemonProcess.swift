import Foundation
import Synchronization

/// The built `ordershopd` on directories of its own, which lives as often as it is started.
public final class DaemonProcess: Sendable {
    /// What a daemon can be told.
    public struct Options: Sendable {
        /// nil: the embedded Redis.
        public var redis: String?
        public var shop: String?
        /// The text of the configuration file.
        public var configuration = "log:\n    level: info\n"
        public var environment: [String: String] = [:]
        /// A program, with its arguments, that runs the daemon.
        public var launcher: [String] = []
        /// Where it keeps what it keeps; nil: in a directory of its own.
        public var stateDirectory: String?

        public init(redis: String? = nil, shop: String? = nil) {
            self.redis = redis
            self.shop = shop
        }
    }

    public let port: Int
    public let socketPath: String
    public let stateDirectory: String
    public let options: Options
    private let directory: TemporaryDirectory
    private let process = Mutex<ChildProcess?>(nil)
    /// In place of the embedded Redis, where it shall come as the shipped user.
    private let substitute = Mutex<RedisServer?>(nil)

    public init(_ options: Options = Options()) throws {
        self.options = options
        directory = try TemporaryDirectory()
        port = try LoopbackPort.free()
        socketPath = directory.file("c.sock")
        stateDirectory = options.stateDirectory ?? directory.file("s")
        try Data(options.configuration.utf8).write(to: URL(filePath: directory.file("conf.yaml")))
    }

    deinit { kill() }

    // MARK: What it leaves

    public var mailDirectory: String { "\(stateDirectory)/mail" }
    /// Where the embedded Redis listens.
    public var embeddedRedis: String { "unix://\(stateDirectory)/redis/redis.sock" }
    /// The Redis that it uses.
    public var redis: String { options.redis ?? substitute.withLock { $0?.url } ?? embeddedRedis }
    /// All that it has said, over all its lives.
    public var log: String {
        (try? Data(contentsOf: URL(filePath: directory.file("log")))).map { String(decoding: $0, as: UTF8.self) }
            ?? ""
    }

    /// Writes another configuration file in place of the one that it was started with.
    public func configure(_ text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: directory.file("conf.yaml")))
    }

    // MARK: Its life

    public var processID: Int32? { process.withLock { $0?.processID } }
    public var isRunning: Bool { process.withLock { $0?.isRunning ?? false } }

    /// Starts it and returns at once.
    public func launch() async throws {
        try await substituteEmbeddedRedis()
        let program = try Programs.path("ordershopd")
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let variables = ["PATH=\(path)"] + (try user()) + options.environment.map { "\($0.key)=\($0.value)" }
        let started = try await ChildProcess.start(
            ["env", "-i"] + variables + options.launcher + [program] + arguments, output: directory.file("log"))
        process.withLock { $0 = started }
    }

    /// Starts it and returns when it answers REST requests.
    public func start() async throws {
        try await launch()
        try await waitUntilServing()
    }

    private func substituteEmbeddedRedis() async throws {
        guard ShippedUser.isForced, redis == embeddedRedis else { return }
        let server = try await RedisServer.start(options: ["--appendonly", "yes", "--appendfsync", "everysec"])
        substitute.withLock { $0 = server }
    }

    private func user() throws -> [String] {
        guard ShippedUser.isForced, redis.hasPrefix("unix://"), options.environment["ORDERSHOP_REDIS_USER"] == nil
        else { return [] }
        let user = try ShippedUser(shop: options.shop)
        try user.join(redis)
        return ["ORDERSHOP_REDIS_USER=\(user.name)"]
    }

    private var arguments: [String] {
        ["--config", directory.file("conf.yaml"), "--state-directory", stateDirectory, "--socket", socketPath]
            + ["--http", "127.0.0.1:\(port)"]
            + (redis == embeddedRedis ? [] : ["--redis", redis]) + (options.shop.map { ["--shop", $0] } ?? [])
    }

    /// Returns when the gateway and the daemon's store answer.
    public func waitUntilServing(within limit: Duration = .seconds(90)) async throws {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            let response = try? await HTTPConnection.connect(port: port).send("GET", "/orders/unbilled")
            if response?.status == 200 { return }
            guard isRunning else { throw TestKitError("ordershopd ended: \(log)") }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TestKitError("ordershopd does not serve: \(log)")
    }

    public func signal(_ signal: Int32) { process.withLock { $0?.signal(signal) } }

    /// SIGKILL; returns when it is gone. Its embedded Redis then ends by itself.
    public func kill() { process.withLock { $0?.end(with: SIGKILL) } }

    /// Waits for its end.
    public func exitCode(within limit: Duration = .seconds(60)) async throws -> Int32? {
        let deadline = ContinuousClock.now + limit
        while isRunning {
            guard ContinuousClock.now < deadline else { throw TestKitError("ordershopd does not end: \(log)") }
            try await Task.sleep(for: .milliseconds(2))
        }
        return try await process.withLock(\.self)?.exitCode()
    }

    /// SIGTERM; returns when it has ended, which it is made to if need be.
    @discardableResult public func stop() async -> Int32? {
        signal(SIGTERM)
        let code = try? await exitCode()
        kill()
        return code ?? nil
    }
}
