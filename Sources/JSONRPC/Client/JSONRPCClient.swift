import Glibc
public import JSON
public import NIOCore
public import NIOPosix

/// A connection to a `JSONRPCServer`. Any number of calls may be under way at once; answers find their calls by id.
public final class JSONRPCClient: Sendable {
    private let channel: any Channel
    private let calls: PendingCalls
    private let maxRequestSize: Int
    private let notificationBuffer: NotificationBuffer

    private init(
        _ channel: any Channel, _ calls: PendingCalls, _ notifications: NotificationBuffer, maxRequestSize: Int
    ) {
        self.channel = channel
        self.calls = calls
        self.notificationBuffer = notifications
        self.maxRequestSize = maxRequestSize
    }

    /// Nobody holds the client any more, so nobody waits for an answer.
    deinit { channel.close(promise: nil) }

    /// - Parameters:
    ///   - maxRequestSize: bytes that the server takes at most; longer requests are not even sent.
    ///   - maxAnswerSize: bytes of the longest answer that is taken.
    public static func connect(
        path: String, maxRequestSize: Int = 1 << 20, maxAnswerSize: Int = 1 << 30,
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws(JSONRPCTransportError) -> JSONRPCClient {
        let calls = PendingCalls()
        let notifications = NotificationBuffer()
        do {
            let bootstrap = ClientBootstrap(group: eventLoopGroup).channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = AnswerHandler(calls, notifications, maxAnswerSize: maxAnswerSize)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            let channel = try await connect(bootstrap, to: SocketAddress(unixDomainSocketPath: path))
            return JSONRPCClient(channel, calls, notifications, maxRequestSize: maxRequestSize)
        } catch {
            throw JSONRPCTransportError(connecting: error, to: path)
        }
    }

    /// Where many connect at once the kernel turns some away, as there is no waiting for a non-blocking socket.
    private static func connect(
        _ bootstrap: ClientBootstrap, to address: SocketAddress
    ) async throws -> any Channel {
        for _ in 0..<100 {
            do { return try await bootstrap.connect(to: address).get() } catch let error as IOError {
                guard error.errnoCode == EAGAIN else { throw error }
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        return try await bootstrap.connect(to: address).get()
    }

    /// Calls a method and waits for its result.
    /// - Parameters:
    ///   - params: an object or an array, or nil for none.
    ///   - timeout: how long to wait, kept to within 50 ms. Later answers are dropped.
    /// - Throws: `JSONRPCError` that the server answered, `JSONRPCTransportError` where there is no answer, and
    ///   `CancellationError`.
    public func call(
        _ method: String, _ params: JSONValue? = nil, timeout: Duration = .seconds(30)
    ) async throws -> JSONValue {
        let id = calls.nextID()
        let line = try line(method, params, id: id)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                calls.add(id, continuation, deadline: .now + timeout)
                if Task.isCancelled { return calls.fail(id, CancellationError()) }
                channel.writeAndFlush(line).whenFailure { [calls] _ in
                    calls.fail(id, JSONRPCTransportError.closed)
                }
            }
        } onCancel: {
            calls.fail(id, CancellationError())
        }
    }

    /// Sends a notification, for which there is no answer.
    public func notify(_ method: String, _ params: JSONValue? = nil) async throws(JSONRPCTransportError) {
        let line = try line(method, params, id: nil)
        do { try await channel.writeAndFlush(line).get() } catch { throw .closed }
    }

    /// What the server tells by itself, from the beginning of the connection.
    public var notifications: JSONRPCNotifications {
        JSONRPCNotifications(buffer: notificationBuffer, client: self)
    }

    /// Ends the connection. Calls under way fail with `.closed`.
    public func close() async {
        channel.close(promise: nil)
        // Never fails by its contract.
        try? await channel.closeFuture.get()
    }

    private func line(
        _ method: String, _ params: JSONValue?, id: Int64?
    ) throws(JSONRPCTransportError) -> ByteBuffer {
        let text = Request.line(method, params, id: id)
        guard text.count <= maxRequestSize else {
            throw .init(
                .tooLarge, "The request has \(text.count) bytes, the server takes \(maxRequestSize) at most.")
        }
        var buffer = channel.allocator.buffer(capacity: text.count + 1)
        buffer.writeBytes(text)
        buffer.writeInteger(UInt8(ascii: "\n"))
        return buffer
    }
}

extension JSONRPCTransportError {
    fileprivate init(connecting error: any Error, to path: String) {
        switch error {
        case let error as JSONRPCTransportError: self = error
        case let error as IOError: self.init(errno: error.errnoCode, "connect to", path)
        case is SocketAddressError: self = .pathTooLong(path)
        default: self.init(.io, "Cannot connect to \(path): \(error).")
        }
    }
}
