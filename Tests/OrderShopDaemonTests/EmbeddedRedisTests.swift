import FoundationEssentials
import Glibc
import Logging
import NIOPosix
import ServiceLifecycle
import Testing

@testable import OrderShopDaemon

private let searchPath = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"

private func embedded(
    in state: StateDirectory, server: String = "redis-server", patience: Duration = .seconds(10)
) throws -> EmbeddedRedis {
    try EmbeddedRedis(
        in: state, server: server, searchPath: searchPath, logger: Logger(label: "redis"), patience: patience)
}

/// Runs the service in a group, as the daemon does, and shuts the group down gracefully.
private func running(_ redis: EmbeddedRedis, body: () async throws -> Void) async throws {
    let group = ServiceGroup(services: [redis], logger: Logger(label: "group"))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        try await redis.waitUntilReady()
        try await body()
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
}

/// Off the threads that the tasks share, as the raw connection blocks.
private func ask(_ socket: String, _ command: String) async throws -> String? {
    try await NIOThreadPool.singleton.runIfActive { RawRedis(socket: socket)?.ask(command) }
}

private func server(at socket: String) throws -> pid_t {
    let pid = RawRedis(socket: socket)?.server
    return try #require(pid)
}

private func expect(
    _ redis: EmbeddedRedis, _ command: String, says reply: String, at location: SourceLocation = #_sourceLocation
) async throws {
    let answer = try await ask(redis.socketPath, command)
    #expect(answer == reply, sourceLocation: location)
}

/// The time limit of the suite bounds the wait.
private func eventually(_ condition: () async throws -> Bool) async throws {
    while try await !condition() { try await Task.sleep(for: .milliseconds(10)) }
}

private func isGone(_ pid: pid_t) -> Bool {
    guard kill(pid, 0) == 0 else { return true }
    // In a container nobody may reap an orphan: a zombie is gone, too.
    let status = (try? Files.read("/proc/\(pid)/stat", atMost: 4096)) ?? nil
    return status?.contains(") Z ") ?? true
}

@Suite(.timeLimit(.minutes(1)))
struct `The embedded Redis` {
    @Test func `starts, takes writes and ends with the daemon`() async throws {
        let scratch = try Scratch()
        let redis = try embedded(in: try StateDirectory.open("\(scratch.path)/state", socket: "/s"))
        #expect(redis.socketPath == "\(scratch.path)/state/redis/redis.sock")
        var pid: pid_t = 0
        try await running(redis) {
            pid = try server(at: redis.socketPath)
            try await expect(redis, "SET a 1", says: "+OK\r\n")
            let policy = try await ask(redis.socketPath, "CONFIG GET maxmemory-policy")
            #expect(policy?.contains("noeviction") == true)
            let appends = try await ask(redis.socketPath, "CONFIG GET appendonly")
            #expect(appends?.contains("yes") == true)
            #expect(getsid(pid) == pid)
        }
        #expect(isGone(pid))
        #expect(!FileManager.default.fileExists(atPath: redis.socketPath))
        await #expect(throws: CancellationError.self) { try await redis.waitUntilReady() }
    }

    @Test func `is started again when it is killed, with its data`() async throws {
        let scratch = try Scratch()
        let redis = try embedded(in: try StateDirectory.open(scratch.path, socket: "/s"))
        try await running(redis) {
            let first = try server(at: redis.socketPath)
            try await expect(redis, "SET a 1", says: "+OK\r\n")
            kill(first, SIGKILL)
            try await eventually { try await ask(redis.socketPath, "GET a") == "$1\r\n1\r\n" }
            let next = try server(at: redis.socketPath)
            #expect(next != first)
            try await redis.waitUntilReady()
        }
    }

    @Test func `cuts off a torn last entry`() async throws {
        let scratch = try Scratch()
        do {
            let redis = try embedded(in: try StateDirectory.open(scratch.path, socket: "/s"))
            try await running(redis) { try await expect(redis, "SET a 1", says: "+OK\r\n") }
        }
        let appends = "\(scratch.path)/redis/appendonlydir"
        let last = try #require(
            try FileManager.default.contentsOfDirectory(atPath: appends).first { $0.hasSuffix(".incr.aof") })
        let torn = Array("*3\r\n$3\r\nSET\r\n$1\r\na".utf8)
        let file = open("\(appends)/\(last)", O_WRONLY | O_APPEND)
        #expect(write(file, torn, torn.count) == torn.count)
        close(file)
        let redis = try embedded(in: try StateDirectory.open(scratch.path, socket: "/s"))
        try await running(redis) { try await expect(redis, "GET a", says: "$1\r\n1\r\n") }
    }

    @Test(arguments: [false, true])
    func `takes over from an orphan, which ends first`(isStuck: Bool) async throws {
        let scratch = try Scratch()
        let redis = try embedded(
            in: try StateDirectory.open(scratch.path, socket: "/s"),
            patience: .seconds(isStuck ? 1 : 10))
        let orphan = try ChildProcess.spawn(
            redis.layout.arguments, environment: redis.layout.environment, output: redis.layout.log)
        try await eventually { try await ask(redis.socketPath, "SET a 1") == "+OK\r\n" }
        if isStuck { kill(orphan, SIGSTOP) }
        try await running(redis) {
            #expect(isGone(orphan))
            try await expect(redis, "GET a", says: "$1\r\n1\r\n")
            let next = try server(at: redis.socketPath)
            #expect(next != orphan)
        }
        #expect(ChildProcess.reap(orphan) == (isStuck ? .signal(SIGKILL) : .exit(0)))
    }

    @Test func `dies with the daemon, however that dies`() async throws {
        let scratch = try Scratch()
        let path = scratch.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let redis = try embedded(in: try StateDirectory.open(path, socket: "/s"))
            try await running(redis) {
                let pid = try server(at: redis.socketPath)
                try await expect(redis, "SET a \(pid)", says: "+OK\r\n")
                try Data("\(pid)".utf8).write(to: URL(filePath: "\(path)/pid"))
                // Long enough for a thread that is idle to end, if it was not the one that waits for the child.
                try await Task.sleep(for: .milliseconds(500))
                guard try server(at: redis.socketPath) == pid else { exit(9) }
                kill(getpid(), SIGKILL)
            }
        }
        let pid = try #require(pid_t(try scratch.read("pid")))
        try await eventually { isGone(pid) }
        let redis = try embedded(in: try StateDirectory.open(path, socket: "/s"))
        try await running(redis) {
            try await expect(redis, "GET a", says: "$\("\(pid)".count)\r\n\(pid)\r\n")
        }
    }

    @Test func `is killed when it does not end`() async throws {
        let scratch = try Scratch()
        let redis = try embedded(
            in: try StateDirectory.open(scratch.path, socket: "/s"), patience: .milliseconds(300))
        var pid: pid_t = 0
        try await running(redis) {
            pid = try server(at: redis.socketPath)
            kill(pid, SIGSTOP)
        }
        #expect(isGone(pid))
    }

    @Test func `ends when its task is cancelled, too`() async throws {
        let scratch = try Scratch()
        let redis = try embedded(in: try StateDirectory.open(scratch.path, socket: "/s"))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try? await redis.run() }
            try await redis.waitUntilReady()
            let pid = try server(at: redis.socketPath)
            tasks.cancelAll()
            try await tasks.waitForAll()
            #expect(isGone(pid))
        }
    }

    @Test func `inherits no descriptor and no ignored signal`() async throws {
        let scratch = try Scratch()
        let leak = open("\(scratch.path)/leak", O_RDWR | O_CREAT, 0o600)
        defer { close(leak) }
        signal(SIGUSR2, SIG_IGN)
        defer { signal(SIGUSR2, SIG_DFL) }
        let redis = try embedded(in: try StateDirectory.open("\(scratch.path)/state", socket: "/s"))
        try await running(redis) {
            let proc = "/proc/\(try server(at: redis.socketPath))"
            let files = try FileManager.default.contentsOfDirectory(atPath: "\(proc)/fd").compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "\(proc)/fd/\($0)")
            }
            #expect(!files.contains { $0.hasSuffix("/leak") || $0.hasSuffix("/ordershopd.lock") }, "\(files)")
            let status = try #require(try Files.read("\(proc)/status", atMost: 65_536))
            let ignored = status.split(separator: "\n").first { $0.hasPrefix("SigIgn:\t") }?.dropFirst(8)
            let mask = try #require(ignored.flatMap { UInt64($0, radix: 16) })
            #expect(mask & (1 << (UInt64(SIGUSR2) - 1)) == 0)
        }
    }

    /// Redis writes over its own environment in /proc, so another program tells.
    @Test func `inherits no variable`() throws {
        let scratch = try Scratch()
        let redis = try embedded(in: try StateDirectory.open(scratch.path, socket: "/s"))
        let child = try ChildProcess.spawn(
            ["/usr/bin/env"], environment: redis.layout.environment, output: "\(scratch.path)/out")
        #expect(ChildProcess.reap(child) == .exit(0))
        #expect(try scratch.read("out") == "PATH=\(searchPath)\nLC_ALL=C\n")
    }

    @Test func `starts without setpriv, too`() async throws {
        let scratch = try Scratch()
        let server = try #require(Files.program("redis-server", in: searchPath))
        let redis = try EmbeddedRedis(
            in: try StateDirectory.open(scratch.path, socket: "/s"), server: server, searchPath: "/nonexistent",
            logger: Logger(label: "redis"))
        #expect(!redis.layout.endsWithDaemon)
        try await running(redis) { try await expect(redis, "SET a 1", says: "+OK\r\n") }
    }

    /// In a process of its own, as a descriptor closed twice is somebody else's by then.
    @Test func `is asked in vain without a descriptor closed twice`() async {
        await #expect(processExitsWith: .success) {
            await withTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    for _ in 0..<20_000 where RawRedis(socket: "/nonexistent/redis.sock") != nil { exit(3) }
                }
                tasks.addTask {
                    for _ in 0..<20_000 where close(open("/dev/null", O_RDONLY)) != 0 { exit(4) }
                }
            }
        }
    }

    @Test func `lets go of a task that no longer waits for it`() async throws {
        let scratch = try Scratch()
        let redis = try embedded(in: try StateDirectory.open(scratch.path, socket: "/s"))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                await #expect(throws: CancellationError.self) { try await redis.waitUntilReady() }
            }
            tasks.cancelAll()
            try await tasks.waitForAll()
        }
    }

    @Test func `keeps one old log when the log grows`() throws {
        let scratch = try Scratch()
        let redis = try embedded(in: try StateDirectory.open(scratch.path, socket: "/s"))
        let size = EmbeddedRedisLayout.largestLog
        _ = try scratch.write(String(repeating: "a", count: size), to: "redis/redis.log")
        redis.layout.rotateLog()
        #expect(FileManager.default.fileExists(atPath: redis.layout.log))
        _ = try scratch.write(String(repeating: "a\n", count: size), to: "redis/redis.log")
        #expect(redis.layout.lastLogLines == "a\na\na\na\na")
        redis.layout.rotateLog()
        #expect(!FileManager.default.fileExists(atPath: redis.layout.log))
        #expect(redis.layout.lastLogLines == "")
    }

    @Test func `that is not installed says how to get it`() throws {
        let scratch = try Scratch()
        let state = try StateDirectory.open(scratch.path, socket: "/s")
        let error = try #require(throws: DaemonError.self) { try embedded(in: state, server: "redis-serverr") }
        #expect(error.code == .redisNotInstalled)
        #expect(error.message.contains("apt install redis-server") && error.message.contains("redis.url"))
    }

    @Test func `refuses a path that is too long for its socket`() throws {
        let scratch = try Scratch()
        let long = "\(scratch.path)/\(String(repeating: "a", count: 80))"
        let state = try StateDirectory.open(long, socket: "/s")
        let error = try #require(throws: DaemonError.self) { try embedded(in: state) }
        #expect(error.code == .socketPathTooLong)
        #expect(error.message.contains("the system allows 107"))
    }

    @Test func `that cannot start fails with what its log says`() async throws {
        let scratch = try Scratch()
        let redis = try embedded(in: try StateDirectory.open(scratch.path, socket: "/s"))
        try FileManager.default.createDirectory(
            atPath: "\(scratch.path)/redis/appendonlydir", withIntermediateDirectories: true)
        _ = try scratch.write("nonsense\n", to: "redis/appendonlydir/appendonly.aof.manifest")
        let error = await #expect(throws: DaemonError.self) { try await running(redis) {} }
        #expect(error?.code == .redisDoesNotStart)
        #expect(error?.message.contains("exit status 1") == true)
        #expect(error?.message.contains("manifest") == true, "\(error?.message ?? "")")
    }
}
