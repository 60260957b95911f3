import Glibc

/// Unix sockets by their paths, where NIO's bootstraps do too much at once.
struct UnixSocketAddress {
    private var address = sockaddr_un()

    init(_ path: String) throws(JSONRPCTransportError) {
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard !bytes.isEmpty, bytes.count < room.count else { return false }
            room.copyBytes(from: bytes)
            return true
        }
        guard fits else { throw .pathTooLong(path) }
    }

    /// - Returns: the system's error, nil when it worked.
    func bind(_ descriptor: CInt) -> CInt? {
        withPointer { Glibc.bind(descriptor, $0, $1) == 0 ? nil : errno }
    }

    /// - Returns: the system's error, nil when it worked.
    func connect(_ descriptor: CInt) -> CInt? {
        withPointer { Glibc.connect(descriptor, $0, $1) == 0 ? nil : errno }
    }

    private func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                body(pointer, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    static func makeSocket(for path: String) throws(JSONRPCTransportError) -> CInt {
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { throw JSONRPCTransportError(errno: errno, "make a socket for", path) }
        return descriptor
    }
}
