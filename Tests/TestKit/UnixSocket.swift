#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Plain blocking sockets, for what has to work before there is a client.
enum UnixSocket {
    /// Connects to `path`, sends `text`, and returns what one read gives within a second.
    static func exchange(_ text: String, at path: String) throws -> String {
        let descriptor = socket(AF_UNIX, stream, 0)
        defer { close(descriptor) }
        var limit = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard connect(descriptor, to: path) else { throw TestKitError("cannot connect to \(path): errno \(errno)") }
        var request = Array(text.utf8)
        guard write(descriptor, &request, request.count) == request.count else { return "" }
        var reply = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &reply, reply.count)
        return String(decoding: reply.prefix(max(0, count)), as: UTF8.self)
    }

    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, stream, 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutableBytes(of: &address) { raw in
            guard let pointer = raw.bindMemory(to: sockaddr.self).baseAddress else { return false }
            return bind(descriptor, pointer, size) == 0 && getsockname(descriptor, pointer, &size) == 0
        }
        guard isBound else { throw TestKitError("no free port: errno \(errno)") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private static let stream = Int32(SOCK_STREAM.rawValue)

    private static func connect(_ descriptor: Int32, to path: String) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return withUnsafeBytes(of: &address) { raw in
            guard let pointer = raw.bindMemory(to: sockaddr.self).baseAddress else { return false }
            return Glibc.connect(descriptor, pointer, socklen_t(raw.count)) == 0
        }
    }
}
