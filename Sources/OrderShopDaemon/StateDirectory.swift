import FoundationEssentials
import Glibc

/// The directory with what the daemon keeps, and the lock that makes it this daemon's alone.
///
/// The lock is an `flock` on `ordershopd.lock`: the kernel releases it when the process ends, however it ends, so
/// a stale one cannot be. The file is never removed, as two daemons could then lock two files of the same name.
/// It goes with the object, which therefore has to live as long as the daemon.
public final class StateDirectory: Sendable {
    /// Absolute.
    public let path: String
    private let lock: Int32

    /// Makes the directory (0750) if needed, and locks it.
    ///
    /// - Parameter socket: this daemon's control socket, to be named to a second daemon that comes along.
    public static func open(_ path: String, socket: String) throws(DaemonError) -> StateDirectory {
        let path = Files.absolute(path)
        do {
            try Files.makeDirectory(path)
        } catch {
            throw unusable(path, because: error)
        }
        let directory = StateDirectory(path: path, lock: try takeLock(in: path))
        try directory.sign(socket: socket)
        return directory
    }

    private init(path: String, lock: Int32) {
        self.path = path
        self.lock = lock
    }

    deinit { close(lock) }

    /// Makes a directory in it, such as `mail`, if needed.
    ///
    /// - Returns: its path.
    public func directory(_ name: String) throws(DaemonError) -> String {
        let inner = "\(path)/\(name)"
        do {
            try Files.makeDirectory(inner)
        } catch {
            throw Self.unusable(inner, because: error)
        }
        return inner
    }

    private static func takeLock(in path: String) throws(DaemonError) -> Int32 {
        let file = "\(path)/ordershopd.lock"
        // Close-on-exec: a child that inherited the descriptor would hold the lock after us.
        let lock = Glibc.open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard lock >= 0 else { throw unusable(file, because: .last) }
        // A daemon that was killed just when it started a child has left it the lock, until that is another program.
        for _ in 0..<50 where flock(lock, LOCK_EX | LOCK_NB) != 0 { usleep(20_000) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let reason = Errno.last
            close(lock)
            throw reason.code == EWOULDBLOCK ? inUse(path, lockFile: file) : unusable(file, because: reason)
        }
        return lock
    }

    /// Tells whoever is refused who we are.
    private func sign(socket: String) throws(DaemonError) {
        let text = "pid: \(getpid())\nsince: \(Date.now.formatted(.iso8601))\nsocket: \(socket)\n"
        do {
            try Files.write(text, over: lock)
        } catch {
            throw Self.unusable("\(path)/ordershopd.lock", because: error)
        }
    }

    private static func inUse(_ path: String, lockFile: String) -> DaemonError {
        let holder = holder(in: (try? Files.read(lockFile, atMost: 4096)) ?? "")
        return DaemonError(
            .stateDirectoryInUse,
            """
            The state directory \(path) belongs to another ordershopd, \(holder). Stop that one first, or give \
            this one a directory of its own with --state-directory DIR (and --socket and --http, too).
            """)
    }

    /// "with pid 17, running since …, control socket …", as far as the file tells.
    private static func holder(in text: String) -> String {
        func fact(_ name: String) -> Substring? {
            text.split(separator: "\n").first { $0.hasPrefix(name) }?.dropFirst(name.count)
        }
        guard let pid = fact("pid: "), let since = fact("since: "), let socket = fact("socket: ") else {
            return "which has just started"
        }
        return "with pid \(pid), running since \(since), control socket \(socket)"
    }

    private static func unusable(_ path: String, because reason: Errno) -> DaemonError {
        DaemonError(
            .stateDirectoryUnusable,
            """
            \(path) cannot be used: \(reason). Make it a directory that user \(geteuid()) can write, or name \
            another with --state-directory DIR.
            """, cause: reason)
    }
}
