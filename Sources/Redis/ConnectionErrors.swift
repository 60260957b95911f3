#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif
import NIOCore
import NIOPosix
import NIOSSL

extension RedisError {
    static let shutDown = RedisError(.shutDown, "the Redis client has ended; the command was not sent")

    static let cancelled = RedisError(
        .cancelled, "the waiting task was cancelled; if the command was sent, it may have been carried out")

    /// For a command that was still here when the connection was found gone.
    static func neverSent(_ reason: RedisError) -> RedisError {
        switch reason.code {
        case .connectionRefusedByServer, .unsuitableServer, .shutDown, .invalidURL: reason
        case .server, .notConnected, .overloaded, .outcomeUnknown, .cancelled, .protocolViolation:
            RedisError(.notConnected, "not connected; the command was not sent, repeat it later: \(reason.message)")
        }
    }

    /// For a command that was on its way when the connection was lost.
    static func outcomeUnknown(_ reason: RedisError) -> RedisError {
        RedisError(
            .outcomeUnknown,
            "the command was sent, but its reply is lost: it may or may not have been carried out, "
                + "so look before repeating it: \(reason.message)")
    }

    static func overloaded(_ commands: Int, _ bytes: Int) -> RedisError {
        RedisError(
            .overloaded,
            "\(commands) commands wait for Redis and \(bytes) bytes wait to be sent; "
                + "the command was not sent, repeat it when there are fewer")
    }

    /// An error of the socket or of TLS, as the reason why a connection is gone or was never there.
    static func connection(_ address: RedisConfiguration.Address, _ error: any Error) -> RedisError {
        if let error = error as? RedisError { return error }
        if error is CancellationError { return .cancelled }
        return RedisError(.notConnected, "\(address): \(describe(error))")
    }
}

private func describe(_ error: any Error) -> String {
    switch error {
    case let error as IOError: errnoText(error.errnoCode)
    case let error as NIOConnectionError: describe(error)
    case ChannelError.connectTimeout(let time): "no connection within \(time.nanoseconds / 1_000_000) ms"
    case ChannelError.eof, ChannelError.inputClosed, NIOSSLError.uncleanShutdown: "the server closed the connection"
    case NIOSSLError.handshakeFailed(let error): "the TLS handshake failed: \(error)"
    default: "\(error)"
    }
}

private func describe(_ error: NIOConnectionError) -> String {
    if let failure = error.connectionErrors.first { return describe(failure.error) }
    let unresolved = [error.dnsAError, error.dnsAAAAError].compactMap { $0 }.first
    return unresolved.map { "the host name cannot be resolved: \($0)" } ?? "no address to connect to"
}

private func errnoText(_ code: CInt) -> String {
    strerror(code).map { "\(String(cString: $0)) (errno \(code))" } ?? "errno \(code)"
}
