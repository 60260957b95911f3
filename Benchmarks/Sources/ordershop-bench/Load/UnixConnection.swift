import Glibc

/// A connection to a Unix socket, for a thread that blocks.
final class UnixConnection: Sendable {
    private let descriptor: CInt

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let isConnected = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) } == 0
        }
        guard isConnected else {
            throw BenchError("cannot connect to \(path): \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) throws {
        let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard count == bytes.count else { throw BenchError("send: \(String(cString: strerror(errno)))") }
    }

    /// What has come: waits for something.
    func receive() throws -> [UInt8] {
        let bytes = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
            count = max(0, recv(descriptor, buffer.baseAddress, buffer.count, 0))
        }
        guard !bytes.isEmpty else { throw BenchError("the server has closed the connection") }
        return bytes
    }
}

/// What comes over a connection, line by line.
struct Lines {
    private let connection: UnixConnection
    private var rest: [UInt8] = []

    init(_ connection: UnixConnection) { self.connection = connection }

    /// Waits for the next one.
    mutating func next() throws -> [UInt8] {
        while true {
            if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(rest[..<end].dropLast())
                rest.removeFirst(end + 1)
                return line
            }
            rest += try connection.receive()
        }
    }
}
