import Foundation
import Logging
import NIOPosix
import Redis
import Synchronization

/// A program that was started for the measurement and ends with it.
struct Program {
    private let process = Process()

    init(_ path: String, _ arguments: [String], log: String) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["setpriv", "--pdeathsig", "KILL", path] + arguments
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        let output = FileHandle(forWritingAtPath: log)
        process.standardOutput = output
        process.standardError = output
        try start()
    }

    /// From a thread that lives as long as the program: the kernel's signal comes when the thread that started it
    /// ends, and those of Swift's concurrency end when they have nothing to do.
    private func start() throws {
        let failure = Mutex<(any Error)?>(nil)
        let isStarted = DispatchSemaphore(value: 0)
        Thread.detachNewThread { [process] in
            do { try process.run() } catch { failure.withLock { $0 = error } }
            isStarted.signal()
            if process.isRunning { process.waitUntilExit() }
        }
        isStarted.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }

    func stop() {
        process.terminate()
        // waitUntilExit would run a run loop, which a thread of Swift's concurrency does not have.
        for _ in 0..<1_000 where process.isRunning { usleep(10_000) }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }
}

/// The Redis that everything is measured on: its own, without persistence, on a Unix socket.
struct RedisUnderTest {
    let directory: String
    private let program: Program

    var socket: String { directory + "/redis.sock" }

    static func start() async throws -> RedisUnderTest {
        let directory = "/tmp/ordershop-bench-\(getpid())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let arguments = [
            "--port", "0", "--unixsocket", directory + "/redis.sock", "--save", "", "--appendonly", "no", "--dir",
            directory,
        ]
        let program = try Program("redis-server", arguments, log: directory + "/redis.log")
        let server = RedisUnderTest(directory: directory, program: program)
        try await server.withClient { try await $0.waitUntilConnected() }
        return server
    }

    func stop() {
        program.stop()
        try? FileManager.default.removeItem(atPath: directory)
    }

    func withClient<Value: Sendable>(
        _ body: @escaping @Sendable (RedisClient) async throws -> Value
    ) async throws -> Value {
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        let redis = RedisClient(
            configuration: RedisConfiguration(address: .unix(path: socket)),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await redis.run() }
            try await redis.waitUntilConnected()
            let value = try await body(redis)
            group.cancelAll()
            return value
        }
    }

    /// The ceiling, by Redis's own load generator: XADD of an event of the size of a customer's.
    func redisBenchmark(pipeline: Int, clients: Int, requests: Int) throws -> Rate {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "redis-benchmark", "-s", socket, "-P", String(pipeline), "-c", String(clients), "-n", String(requests),
            "--csv", "XADD", "ceiling", "*", "event_id", "08bd68f3-f217-4e8d-9741-71b63b6c2612", "entity",
            #"{"id":"a8740bd3-336a-412c-84d7-8f80a8f176fc","name":"Ada","email":"ada@example.org"}"#,
        ]
        process.standardOutput = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        // Seven figures stand behind the command, which has quotes and commas of its own.
        let fields = output.split(separator: "\n").last?.split(separator: "\",\"") ?? []
        guard fields.count > 7, let rate = Double(fields[fields.count - 7]) else {
            throw BenchError("redis-benchmark said: \(output)")
        }
        return Rate(perSecond: rate)
    }
}

/// The built daemon, on the same Redis.
struct ShopUnderTest {
    let port: Int
    private let program: Program

    static func start(binaries: String, redis: RedisUnderTest) async throws -> ShopUnderTest {
        let port = 20_000 + Int(getpid()) % 20_000
        let arguments = [
            "--redis", "unix://\(redis.socket)", "--shop", "bench", "--socket", redis.directory + "/control.sock",
            "--http", "127.0.0.1:\(port)", "--state-directory", redis.directory + "/state",
        ]
        let program = try Program(
            "\(binaries)/ordershopd", arguments, log: redis.directory + "/ordershopd.log")
        let shop = ShopUnderTest(port: port, program: program)
        for _ in 0..<200 {
            if (try? await HTTPConnection.connect(port: port)) != nil { return shop }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw BenchError("ordershopd does not serve: see \(redis.directory)/ordershopd.log")
    }

    func stop() { program.stop() }
}

struct BenchError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
