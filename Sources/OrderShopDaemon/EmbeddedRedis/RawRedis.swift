import Glibc

/// A bare connection to a Redis on a Unix socket, for the few words that the supervisor of the embedded server has
/// with it. Its calls block, for bounded times.
struct RawRedis: ~Copyable {
    private let descriptor: Int32

    /// `nil` when nobody listens there.
    init?(socket path: String) {
        // Stored last: from then on `deinit` closes it, also when an initializer fails.
        let opened = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard opened >= 0 else { return nil }
        guard Self.connect(opened, to: path) else {
            close(opened)
            return nil
        }
        descriptor = opened
    }

    deinit { close(descriptor) }

    private static func connect(_ descriptor: Int32, to path: String) -> Bool {
        guard UnixSocket.fits(path) else { return false }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }

    /// Who listens: the pid of the server.
    var server: pid_t? {
        // `struct ucred`, which a module without `_GNU_SOURCE` does not see: pid, uid, gid.
        var credentials: [Int32] = [0, 0, 0]
        var size = socklen_t(3 * MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 else { return nil }
        return credentials.first
    }

    /// Sends an inline command.
    ///
    /// - Returns: the start of the reply; `nil` when none comes within the time, or the server ends.
    func ask(_ command: String, within milliseconds: Int32 = 1_000) -> String? {
        let line = Array("\(command)\r\n".utf8)
        // Without the flag, a server that has just ended would end us with SIGPIPE.
        guard send(descriptor, line, line.count, Int32(MSG_NOSIGNAL)) == line.count else { return nil }
        return receive(within: milliseconds)
    }

    /// Waits until the server has closed the connection, which it does by ending: the kernel closes descriptors
    /// after the last write to the append-only file. (To watch the pid would be worse: an orphan's parent may
    /// never reap it.)
    func waitForEnd(within limit: Duration) -> Bool {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            guard poll(within: 100) else { continue }
            var byte: UInt8 = 0
            if recv(descriptor, &byte, 1, 0) <= 0 { return true }
        }
        return false
    }

    private func receive(within milliseconds: Int32) -> String? {
        guard poll(within: milliseconds) else { return nil }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    private func poll(within milliseconds: Int32) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&request, 1, milliseconds) > 0
    }
}
