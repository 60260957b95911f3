import Glibc

/// One keep-alive connection. It understands as much of HTTP as the servers here say: a length or chunks.
struct HTTPClient {
    let descriptor: CInt
    /// When the request under way was to be sent, in nanoseconds.
    private(set) var meantFor: UInt64 = 0
    private var received: [UInt8] = []

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isConnected = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) } == 0
        }
        guard isConnected else {
            let reason = String(cString: strerror(errno))
            Glibc.close(descriptor)
            throw BenchError("cannot connect to port \(port): \(reason)")
        }
        var isOn: CInt = 1
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<CInt>.size))
    }

    func close() { Glibc.close(descriptor) }

    mutating func send(_ request: HTTPRequestBytes, meantFor time: UInt64) throws {
        meantFor = time
        received.removeAll(keepingCapacity: true)
        var rest = request.bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw BenchError("send: \(String(cString: strerror(errno)))") }
            rest = rest.dropFirst(count)
        }
    }

    /// Takes what has come.
    /// - Returns: whether the answer is whole.
    mutating func receive() throws -> Bool {
        let chunk = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
            count = max(0, recv(descriptor, buffer.baseAddress, buffer.count, 0))
        }
        guard !chunk.isEmpty else { throw BenchError("the server has closed a connection") }
        received += chunk
        guard let start = bodyStart, isWhole(from: start) else { return false }
        // "HTTP/1.1 200 OK"
        guard received[9...].starts(with: Array("200".utf8)) else {
            throw BenchError(
                "an answer that is not 200: \(String(decoding: received.prefix(1_000), as: UTF8.self))")
        }
        return true
    }

    var body: String { bodyStart.map { String(decoding: received[$0...], as: UTF8.self) } ?? "" }

    private var bodyStart: Int? {
        let end = Array("\r\n\r\n".utf8)
        return position(of: end, in: received[...]).map { $0 + end.count }
    }

    private func isWhole(from start: Int) -> Bool {
        let head = received[..<start]
        for name in ["content-length: ", "Content-Length: "] {
            guard let field = position(of: Array(name.utf8), in: head) else { continue }
            let digits = head[(field + name.utf8.count)...].prefix { (48...57).contains($0) }
            return received.count - start >= digits.reduce(0) { $0 * 10 + Int($1) - 48 }
        }
        return received.suffix(5) == Array("0\r\n\r\n".utf8)[...]
    }

    private func position(of part: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        bytes.withUnsafeBytes { all -> Int? in
            guard all.count >= part.count else { return nil }
            return (0...all.count - part.count).first { start in
                all[start] == part[0] && part.indices.allSatisfy { all[start + $0] == part[$0] }
            }
        }.map { $0 + bytes.startIndex }
    }
}
