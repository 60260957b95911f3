import FoundationEssentials
import Glibc

/// A program started with `posix_spawn`, so that nothing of the daemon but what is named here reaches it.
enum ChildProcess {
    /// `POSIX_SPAWN_SETSID` of <spawn.h>, which a module without `_GNU_SOURCE` does not see.
    private static let startsSession: Int16 = 0x80

    /// Starts `arguments[0]`, an absolute path, as the leader of a session of its own.
    ///
    /// - A session of its own keeps a terminal's Ctrl-C and hang-up away from it: it is the daemon that ends it,
    ///   when it needs it no longer.
    /// - Signals get their default actions and none is blocked: a child inherits what is ignored or blocked here.
    /// - No descriptor is inherited but the standard ones: a socket of ours kept open there would outlive us.
    static func spawn(
        _ arguments: [String], environment: [String], output: String
    ) throws(Errno) -> pid_t {
        var attributes = posix_spawnattr_t()
        var actions = posix_spawn_file_actions_t()
        posix_spawnattr_init(&attributes)
        posix_spawn_file_actions_init(&actions)
        defer {
            posix_spawnattr_destroy(&attributes)
            posix_spawn_file_actions_destroy(&actions)
        }
        isolate(&attributes)
        redirect(&actions, to: output)

        var pid: pid_t = 0
        let result = withCStrings(arguments) { argv in
            withCStrings(environment) { envp in
                posix_spawn(&pid, arguments[0], &actions, &attributes, argv, envp)
            }
        }
        guard result == 0 else { throw Errno(code: result) }
        return pid
    }

    private static func isolate(_ attributes: inout posix_spawnattr_t) {
        var all = sigset_t()
        var none = sigset_t()
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK) | startsSession)
    }

    private static func redirect(_ actions: inout posix_spawn_file_actions_t, to output: String) {
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_APPEND, 0o640)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        // Ours are close-on-exec; this is for those that we were started with. One that is closed by now does no
        // harm.
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for descriptor in open.compactMap(Int32.init) where descriptor > STDERR_FILENO {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
    }

    private static func withCStrings<R>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R
    ) -> R {
        let copies = strings.map { strdup($0) }
        defer { copies.forEach { free($0) } }
        return body(copies + [nil])
    }

    /// Blocks until the child has ended, and leaves it to be reaped: until then its pid is not given to another.
    static func waitForEnd(of pid: pid_t) {
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
    }

    /// Reaps a child that has ended.
    static func reap(_ pid: pid_t) -> End {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? .exit((status >> 8) & 0xFF) : .signal(signal)
    }

    enum End: Sendable, Equatable, CustomStringConvertible {
        case exit(Int32)
        case signal(Int32)

        var description: String {
            switch self {
            case .exit(let status): "exit status \(status)"
            case .signal(let number): "signal \(number) (\(String(cString: strsignal(number))))"
            }
        }
    }
}
