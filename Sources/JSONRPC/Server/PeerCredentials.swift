import Glibc
import NIOCore

extension Channel {
    /// Who connected, nil where this is no Unix socket.
    func peerCredentials() async -> PeerCredentials? {
        guard let options = self as? any SocketOptionProvider else { return nil }
        let credentials: EventLoopFuture<Credentials> = options.unsafeGetSocketOption(
            level: .socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED))
        guard let found = try? await credentials.get() else { return nil }
        return PeerCredentials(pid: found.pid, uid: found.uid, gid: found.gid)
    }
}

/// `struct ucred` of <sys/socket.h>, which Glibc's module leaves out.
private struct Credentials: Sendable {
    var pid: pid_t = 0
    var uid: uid_t = 0
    var gid: gid_t = 0
}
