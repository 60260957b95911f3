import Glibc
import Synchronization

/// The datagram socket that systemd would listen on, and `NOTIFY_SOCKET` pointing at it.
///
/// The environment belongs to the whole process, so the tests that use it are in one serialized suite.
final class NotifySocket: Sendable {
    private static let count = Atomic(0)

    private let descriptor: Int32
    private let path: String

    init() throws {
        let number = Self.count.add(1, ordering: .relaxed).newValue
        path = "/tmp/ordershop-notify-\(getpid())-\(number)"
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0 else { throw NotBound(reason: errno) }
        setenv("NOTIFY_SOCKET", path, 1)
    }

    deinit {
        unsetenv("NOTIFY_SOCKET")
        close(descriptor)
        unlink(path)
    }

    /// The next message's lines; `nil` when none comes within `milliseconds`.
    func next(within milliseconds: Int32 = 2_000) -> [String]? {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&request, 1, milliseconds) == 1 else { return nil }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else { return nil }
        return String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
    }

    struct NotBound: Error { let reason: Int32 }
}
