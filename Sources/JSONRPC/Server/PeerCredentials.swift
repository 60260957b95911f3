import Glibc
import NIOCore
import NIOPosix

/// Who is at the other end of a Unix socket, as the kernel says: `SO_PEERCRED` and `SO_PEERGROUPS`, both taken when
/// it connected.
public struct PeerCredentials: Sendable, Hashable {
    public let pid: Int32
    public let uid: UInt32
    public let gid: UInt32
    /// The supplementary groups. The primary one, `gid`, may or may not be among them.
    public let groups: [UInt32]

    public init(pid: Int32, uid: UInt32, gid: UInt32, groups: [UInt32] = []) {
        self.pid = pid
        self.uid = uid
        self.gid = gid
        self.groups = groups
    }
}

extension PeerCredentials {
    /// Who connected, nil where this is no Unix socket. On the channel's event loop only.
    init?(of channel: any Channel) {
        let found = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { Self(socket: $0) }
        guard let found = found.flatMap(\.self) else { return nil }
        self = found
    }

    private init?(socket: CInt) {
        var credentials = Credentials()
        var size = socklen_t(MemoryLayout<Credentials>.size)
        guard getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 else { return nil }
        self.init(
            pid: credentials.pid, uid: credentials.uid, gid: credentials.gid, groups: Self.groups(socket: socket))
    }

    /// The kernel says how much room it needs where there is too little.
    private static func groups(socket: CInt) -> [UInt32] {
        var groups = [UInt32](repeating: 0, count: 64)
        var size = socklen_t(groups.count * MemoryLayout<UInt32>.size)
        if getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, &groups, &size) != 0 {
            guard errno == ERANGE else { return [] }
            groups = [UInt32](repeating: 0, count: Int(size) / MemoryLayout<UInt32>.size)
            guard getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, &groups, &size) == 0 else { return [] }
        }
        return Array(groups.prefix(Int(size) / MemoryLayout<UInt32>.size))
    }
}

/// `struct ucred` of <sys/socket.h>, which Glibc's module leaves out.
private struct Credentials {
    var pid: pid_t = 0
    var uid: uid_t = 0
    var gid: gid_t = 0
}
