import JSON
import JSONRPC

/// What scripts learn from the end of `ordershopctl`.
enum ExitStatus: Int32, Sendable {
    case done = 0
    case refused = 1
    case usage = 2
    case unreachable = 3
}

/// Why a command came to nothing, in words for stderr.
struct Failure: Error {
    let status: ExitStatus
    let message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }
}

extension Failure {
    /// - Parameter error: whatever a call throws.
    init(_ error: any Error, socket: String) {
        switch error {
        case let error as Failure: self = error
        case let error as JSONRPCError: self.init(.refused, Self.reason(error))
        case let error as JSONRPCTransportError: self.init(error, socket: socket)
        default: self.init(.refused, "\(error)")
        }
    }

    private init(_ error: JSONRPCTransportError, socket: String) {
        switch error.code {
        case .noSocket:
            self.init(
                .unreachable,
                """
                The daemon cannot be reached: there is no socket \(socket).
                If it is not running, start it: systemctl start ordershopd
                If it listens elsewhere, say where: ordershopctl --socket PATH …
                """)
        case .refused:
            self.init(
                .unreachable,
                """
                The daemon cannot be reached: it is not running, only its socket \(socket) is left.
                Start it: systemctl start ordershopd
                See why it ended: journalctl -u ordershopd
                """)
        case .permissionDenied:
            self.init(
                .unreachable,
                """
                The daemon cannot be reached: permission denied for the socket \(socket).
                Join its group and log in again: sudo usermod -aG ordershop "$USER"
                Or use sudo.
                """)
        case .tooLarge: self.init(.refused, error.message)
        case .timeout:
            self.init(.unreachable, error.message + "\nWait longer with --timeout SECONDS.")
        case .closed: self.init(.unreachable, "The daemon ended the connection. The call may have been done.")
        case .pathTooLong, .addressInUse, .badAnswer, .io: self.init(.unreachable, error.message)
        }
    }

    private static func reason(_ error: JSONRPCError) -> String {
        // The message tells of the first by itself.
        let details = error.data?["errors"]?.array ?? []
        if details.count < 2 { return error.message }
        return ([error.message] + details.map(detail)).joined(separator: "\n")
    }

    /// One entry of an RFC 9457 list of errors.
    private static func detail(_ value: JSONValue) -> String {
        guard let detail = value["detail"]?.string else { return "  " + value.text }
        guard let pointer = value["pointer"]?.string, !pointer.isEmpty else { return "  " + detail }
        return "  \(pointer): \(detail)"
    }
}
