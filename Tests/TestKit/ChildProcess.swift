#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif
import NIOPosix
import Synchronization

/// A process that dies with the tests, however they end: by `stop`, with this object, or by the kernel when the
/// test process is gone. Signals go to this very process, never to a name.
public final class ChildProcess: Sendable {
    /// The kernel ties a child to the thread that started it, so this one thread starts them all and never ends.
    private static let starter: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        return pool
    }()

    private enum State {
        case running(pid_t)
        /// Waited for: the number may belong to another process by now. The status is as of waitpid(2).
        case ended(status: Int32)

        var pid: pid_t? { if case .running(let pid) = self { pid } else { nil } }

        /// Notes the end, if it has come; with `options` 0, waits for it.
        mutating func reap(_ options: Int32) {
            guard let pid else { return }
            var status: Int32 = 0
            var result: pid_t
            repeat { result = waitpid(pid, &status, options) } while result == -1 && errno == EINTR
            if result != 0 { self = .ended(status: status) }
        }
    }

    private let state: Mutex<State>

    /// - Parameters:
    ///   - arguments: the program, found in PATH, and its arguments.
    ///   - output: the file that takes stdout and stderr.
    public static func start(_ arguments: [String], output: String = "/dev/null") async throws -> ChildProcess {
        let pid = try await starter.runIfActive {
            try spawn(["setpriv", "--pdeathsig", "KILL"] + arguments, output)
        }
        return ChildProcess(pid)
    }

    private init(_ pid: pid_t) {
        state = Mutex(.running(pid))
    }

    deinit { end(with: SIGKILL) }

    public var processID: Int32? { state.withLock { $0.pid } }

    public var isRunning: Bool {
        state.withLock { state in
            state.reap(WNOHANG)
            return state.pid != nil
        }
    }

    /// Waits for the end; nil when a signal brought it.
    public func exitCode() async throws -> Int32? {
        while isRunning { try await Task.sleep(for: .milliseconds(2)) }
        return state.withLock { state in
            guard case .ended(let status) = state, status & 0x7f == 0 else { return nil }
            return status >> 8 & 0xff
        }
    }

    /// Sends the signal, unless the process has ended.
    public func signal(_ signal: Int32) {
        state.withLock { state in state.pid.map { _ = kill($0, signal) } }
    }

    /// Sends SIGSTOP and returns when the process stands still.
    public func pause() {
        state.withLock { state in
            guard let pid = state.pid, kill(pid, SIGSTOP) == 0 else { return }
            waitpid(pid, nil, WUNTRACED)
        }
    }

    public func resume() { signal(SIGCONT) }

    /// Ends the process with `signal`, SIGTERM or SIGKILL, and waits until it has gone.
    public func end(with signal: Int32) {
        state.withLock { state in
            guard let pid = state.pid else { return }
            kill(pid, signal)
            kill(pid, SIGCONT)
            state.reap(0)
        }
    }

    /// No descriptors but the standard ones are handed down: an inherited socket would never look closed.
    private static func spawn(_ arguments: [String], _ output: String) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        closeAll(from: 3, &actions)
        var strings = arguments.map { strdup($0) } + [nil]
        defer { strings.forEach { free($0) } }
        var pid: pid_t = 0
        let result = posix_spawnp(&pid, arguments[0], &actions, nil, &strings, environ)
        guard result == 0 else { throw TestKitError("cannot start \(arguments[0]): errno \(result)") }
        return pid
    }

    /// By `dlsym`, because Swift's Glibc shows only what POSIX has.
    private static func closeAll(from first: Int32, _ actions: inout posix_spawn_file_actions_t) {
        typealias AddCloseFrom = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32
        guard let symbol = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np") else { return }
        _ = unsafeBitCast(symbol, to: AddCloseFrom.self)(&actions, first)
    }
}
