import Glibc

/// The limits of Unix sockets.
enum UnixSocket {
    /// `sun_path` has 108 bytes, one of them for the NUL at the end.
    static let longestPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    static func fits(_ path: String) -> Bool { path.utf8.count <= longestPath }
}
