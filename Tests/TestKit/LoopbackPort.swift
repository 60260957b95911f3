#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif
import Synchronization

/// TCP ports of the loopback interface for servers that are told their port.
public enum LoopbackPort {
    /// Below the range from which the kernel takes ports for clients, so that none of those gets in between.
    private static let next = Atomic(Int(getpid()) * 37)

    /// A free port, which stays this process's own for as long as it runs, also while its server is down.
    public static func free() throws -> Int {
        for _ in 0..<1000 {
            let port = 12_000 + next.add(1, ordering: .relaxed).newValue % 20_000
            if reserve(port), isFree(port) { return port }
        }
        throw TestKitError("there is no free port from 12000 on")
    }

    /// Tells other test processes that the port is taken, by a name that goes with this process: an abstract Unix
    /// socket, which is never closed.
    private static func reserve(_ port: Int) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: "\0ordershop-port-\(port)".utf8) }
        let isOurs = withUnsafeBytes(of: &address) { raw in
            raw.bindMemory(to: sockaddr.self).baseAddress.map { bind(descriptor, $0, socklen_t(raw.count)) == 0 }
        }
        if isOurs != true { close(descriptor) }
        return isOurs == true
    }

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafeBytes(of: &address) { raw in
            raw.bindMemory(to: sockaddr.self).baseAddress.map { bind(descriptor, $0, socklen_t(raw.count)) == 0 }
        } ?? false
    }
}
