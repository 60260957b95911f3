import Glibc

/// Why a call or a server did not get as far as JSON-RPC.
public struct JSONRPCTransportError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// There is no file at the socket's path.
        case noSocket
        /// There is a socket, but nobody listens.
        case refused
        case permissionDenied
        case pathTooLong
        /// Something else is at the path: a live server, or a file that is no socket.
        case addressInUse
        /// The connection ended, by this side or the other.
        case closed
        /// No answer in time. The call may have been done, or may still be.
        case timeout
        /// The request is longer than the server takes.
        case tooLarge
        /// The other side does not speak JSON-RPC 2.0.
        case badAnswer
        case io
    }

    public let code: Code
    /// One sentence that says what happened and to which path.
    public let message: String
    /// The system's reason, where it was the system that refused.
    public let errno: CInt?

    init(_ code: Code, _ message: String, errno: CInt? = nil) {
        self.code = code
        self.message = message
        self.errno = errno
    }

    public var description: String { message }
}

extension JSONRPCTransportError {
    /// - Parameter action: what was tried, as in "cannot (connect to) /run/x.sock".
    init(errno: CInt, _ action: String, _ path: String) {
        let code: Code =
            switch errno {
            case ENOENT, ENOTDIR: .noSocket
            case ECONNREFUSED, ENOTSOCK: .refused
            case EACCES, EPERM: .permissionDenied
            case EADDRINUSE: .addressInUse
            case ENAMETOOLONG: .pathTooLong
            default: .io
            }
        self.init(code, "Cannot \(action) \(path): \(Self.reason(errno)).", errno: errno)
    }

    static let closed = Self(.closed, "The connection is closed.")

    static func pathTooLong(_ path: String) -> Self {
        Self(.pathTooLong, "The socket's path is longer than the 107 bytes that the system allows: \(path).")
    }

    private static func reason(_ errno: CInt) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard strerror_r(errno, &buffer, buffer.count) == 0 else { return "error \(errno)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
