#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The datagram socket that systemd would listen on. A daemon finds it by `NOTIFY_SOCKET`.
public final class NotificationSocket: Sendable {
    public let path: String
    private let directory: TemporaryDirectory
    private let descriptor: Int32

    public init() throws {
        directory = try TemporaryDirectory()
        path = directory.file("notify")
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let isBound = withUnsafeBytes(of: &address) { raw in
            raw.bindMemory(to: sockaddr.self).baseAddress.map { bind(descriptor, $0, socklen_t(raw.count)) == 0 }
        }
        guard isBound == true else { throw TestKitError("cannot bind \(path): errno \(errno)") }
    }

    deinit { close(descriptor) }

    /// The lines of the next message that is there; nil where there is none.
    public func poll() -> [String]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        guard count >= 0 else { return nil }
        return String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// Waits for the next message that has a line, and returns all the lines up to it.
    public func lines(until line: String, within limit: Duration = .seconds(60)) async throws -> [String] {
        let deadline = ContinuousClock.now + limit
        var lines: [String] = []
        while ContinuousClock.now < deadline {
            guard let message = poll() else {
                try await Task.sleep(for: .milliseconds(2))
                continue
            }
            lines += message
            if message.contains(line) { return lines }
        }
        throw TestKitError("no \(line) came, only \(lines)")
    }
}
