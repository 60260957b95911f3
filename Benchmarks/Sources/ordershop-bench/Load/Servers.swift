import Foundation
import Logging
import NIOPosix
import Redis
import Synchronization

/// A program that was started for the measurement and ends with it.
struct Program {
    private let process = Process()

    var pid: pid_t { process.processIdentifier }

    init(_ path: String, _ arguments: [String], log: String, environment: [String: String] = [:]) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["setpriv", "--pdeathsig", "KILL", path] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
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

    /// What Redis's own load generator gets done in a second.
    func benchmark(
        _ command: [String], pipeline: Int = 1, clients: Int, requests: Int
    ) async throws -> Double {
        let options = ["-s", socket, "-P", "\(pipeline)", "-c", "\(clients)", "-n", "\(requests)", "--csv"]
        let output = try await run("redis-benchmark", options + command)
        // Seven figures stand behind the command, which may have quotes and commas of its own.
        let fields = output.split(separator: "\n").last?.split(separator: "\",\"") ?? []
        guard fields.count > 7, let rate = Double(fields[fields.count - 7]) else {
            throw BenchError("redis-benchmark said: \(output)")
        }
        return rate
    }

    /// An event of the size of a customer's, appended bare.
    func bareXADD(pipeline: Int = 1, clients: Int, requests: Int) async throws -> Double {
        try await benchmark(
            [
                "XADD", "ceiling", "*", "event_id", "08bd68f3-f217-4e8d-9741-71b63b6c2612", "entity",
                #"{"id":"a8740bd3-336a-412c-84d7-8f80a8f176fc","name":"Ada","email":"ada@example.org"}"#,
            ], pipeline: pipeline, clients: clients, requests: requests)
    }

    /// Its version, for the report.
    func version() async throws -> String {
        let info = try await withClient { try await $0.send(RedisCommand("INFO", "server")).string ?? "" }
        let line = info.split(separator: "\r\n").first { $0.hasPrefix("redis_version:") }
        return line.map { String($0.dropFirst("redis_version:".count)) } ?? "unknown"
    }

    func flush() async throws { _ = try await withClient { try await $0.send(RedisCommand("FLUSHALL")) } }
}

/// Runs a program to its end.
/// - Returns: what it wrote.
func run(_ program: String, _ arguments: [String]) async throws -> String {
    try await onThread {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchError("\(program) failed: \(text)") }
        return text
    }
}

/// A server of HTTP, ours or one to compare it with.
struct ServerUnderTest {
    let port: Int
    let facts: ProcessFacts
    private let program: Program

    /// The built daemon, on the same Redis.
    static func shop(_ name: String, binaries: String, redis: RedisUnderTest) async throws -> ServerUnderTest {
        let port = freePort()
        let directory = "\(redis.directory)/\(name)"
        return try await start(
            "\(binaries)/ordershopd",
            [
                "--redis", "unix://\(redis.socket)", "--shop", name, "--socket", directory + ".sock", "--http",
                "127.0.0.1:\(port)", "--state-directory", directory,
            ], port: port, page: "/health/ready", log: directory + ".log")
    }

    /// A Hummingbird that answers at once, with the same bytes.
    static func bare(post: String, get: String, redis: RedisUnderTest) async throws -> ServerUnderTest {
        let port = freePort()
        let path = try bareServer()
        return try await start(
            path, ["--port", "\(port)", "--post-answer", post, "--get-answer", get], port: port,
            page: "/customer/1", log: redis.directory + "/bare.log")
    }

    /// It is built beside us.
    static func bareServer() throws -> String {
        let own = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path
        let path = own + "/bare-server"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw BenchError("there is no \(path): swift build --package-path Benchmarks -c release")
        }
        return path
    }

    /// - Parameter page: is there when the server is ready.
    static func start(
        _ path: String, _ arguments: [String], port: Int, page: String, log: String,
        environment: [String: String] = [:]
    ) async throws -> ServerUnderTest {
        let program = try Program(path, arguments, log: log, environment: environment)
        let server = ServerUnderTest(port: port, facts: ProcessFacts(pid: program.pid), program: program)
        for _ in 0..<400 {
            if (try? await HTTPLoad(port: port).body(.get(page))) != nil { return server }
            try await Task.sleep(for: .milliseconds(25))
        }
        program.stop()
        throw BenchError("\(path) does not serve: see \(log)")
    }

    func stop() { program.stop() }

    /// Waits until it has nothing left to do of what it was asked for.
    func settle() async throws {
        var before = facts.processorSeconds
        while true {
            try await Task.sleep(for: .milliseconds(500))
            let after = facts.processorSeconds
            if after - before < 0.05 { return }
            before = after
        }
    }
}

/// One that nobody listens on just now.
func freePort() -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { address in
        address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            _ = bind(descriptor, $0, size)
            _ = getsockname(descriptor, $0, &size)
        }
    }
    return Int(UInt16(bigEndian: address.sin_port))
}

struct BenchError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
