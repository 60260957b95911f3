/// An answer as it came over the wire.
public struct HTTPResponse: Sendable {
    public let status: Int
    public let headers: [(name: String, value: String)]
    public let body: [UInt8]

    public var text: String { String(decoding: body, as: UTF8.self) }

    /// The field's first value, whatever case its name is written in.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// Finds the responses in the bytes that a server sends: HTTP/1.1 with Content-Length or chunks.
struct HTTPResponseParser {
    private var bytes: [UInt8] = []
    /// Whether the next response is one to HEAD, which has the headers of a body, but none.
    var isHead = false

    mutating func feed(_ more: some Sequence<UInt8>) { bytes += more }

    /// The next response that is all there.
    mutating func next() throws -> HTTPResponse? {
        while let (head, start) = try head() {
            guard let (body, end) = try body(of: head, from: start) else { return nil }
            bytes.removeFirst(end)
            // What is not final, such as 100, is followed by the one that is.
            if head.status >= 200 { return HTTPResponse(status: head.status, headers: head.headers, body: body) }
        }
        return nil
    }

    private func head() throws -> (head: HTTPResponse, end: Int)? {
        let blank: [UInt8] = [13, 10, 13, 10]
        guard let end = bytes.firstRange(of: blank) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        guard let status else { throw TestKitError("not a status line: \(lines.first ?? "")") }
        let headers = lines.dropFirst().map { line -> (name: String, value: String) in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (String(parts[0]), String(parts.last?.drop { $0 == " " } ?? ""))
        }
        return (HTTPResponse(status: status, headers: headers, body: []), end.upperBound)
    }

    private func body(of head: HTTPResponse, from start: Int) throws -> (body: [UInt8], end: Int)? {
        if isHead || head.status < 200 || head.status == 204 { return ([], start) }
        if head.header("transfer-encoding")?.lowercased() == "chunked" { return try chunks(from: start) }
        let length = head.header("content-length").flatMap { Int($0) } ?? 0
        guard bytes.count >= start + length else { return nil }
        return (Array(bytes[start..<start + length]), start + length)
    }

    private func chunks(from start: Int) throws -> (body: [UInt8], end: Int)? {
        var body: [UInt8] = []
        var position = start
        while let line = bytes[position...].firstRange(of: [13, 10]) {
            let size = Int(String(decoding: bytes[position..<line.lowerBound], as: UTF8.self), radix: 16)
            guard let size else { throw TestKitError("not a chunk's size") }
            let end = line.upperBound + size
            guard bytes.count >= end + 2 else { return nil }
            if size == 0 { return (body, end + 2) }
            body += bytes[line.upperBound..<end]
            position = end + 2
        }
        return nil
    }
}
