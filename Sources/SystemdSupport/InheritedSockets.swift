import CSystemd
import Glibc

/// The listening sockets that systemd holds for the daemon, as `sd_listen_fds(3)` describes.
///
/// Whoever connects while the daemon restarts waits in them. They are systemd's: the daemon closes its copies when it
/// ends, and leaves the files of Unix sockets where they are.
public struct InheritedSockets: Sendable {
    /// A Unix stream socket with a file.
    public struct Unix: Sendable {
        public let descriptor: CInt
        public let path: String
    }

    /// Something was handed over that cannot be served on.
    public struct Unusable: Error, CustomStringConvertible {
        public let description: String
    }

    public private(set) var unix: Unix?
    /// Stream sockets of IPv4 and IPv6.
    public private(set) var internet: [CInt] = []

    /// None at all.
    public init() {}

    /// Takes them over. To be called once, before anything else is opened; children do not get to see them.
    public static func take() throws(Unusable) -> InheritedSockets {
        let count = sd_listen_fds(1)
        guard count >= 0 else {
            throw Unusable(description: "LISTEN_FDS cannot be read: \(String(cString: strerror(-count)))")
        }
        var sockets = InheritedSockets()
        for descriptor in SD_LISTEN_FDS_START..<SD_LISTEN_FDS_START + count { try sockets.add(descriptor) }
        return sockets
    }

    private mutating func add(_ descriptor: CInt) throws(Unusable) {
        if Self.isListening(descriptor, AF_UNIX), let path = Self.path(of: descriptor) {
            guard unix == nil else {
                throw Unusable(
                    description: "systemd handed over two Unix sockets: one ListenStream=/PATH is expected")
            }
            unix = Unix(descriptor: descriptor, path: path)
        } else if Self.isListening(descriptor, AF_INET) || Self.isListening(descriptor, AF_INET6) {
            internet.append(descriptor)
        } else {
            throw Unusable(
                description: "systemd handed over something (file descriptor \(descriptor)) that cannot be served "
                    + "on: ListenStream=/PATH and ListenStream=ADDRESS:PORT with Accept=no are expected")
        }
    }

    private static func isListening(_ descriptor: CInt, _ family: CInt) -> Bool {
        sd_is_socket(descriptor, family, CInt(SOCK_STREAM.rawValue), 1) > 0
    }

    /// - Returns: nil for a socket without a file.
    private static func path(of descriptor: CInt) -> String? {
        var address = sockaddr_un()
        var length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let isKnown = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) == 0 }
        }
        guard isKnown else { return nil }
        let path = withUnsafeBytes(of: address.sun_path) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return path.isEmpty ? nil : path
    }
}
