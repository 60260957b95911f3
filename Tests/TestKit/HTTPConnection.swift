import NIOCore
import NIOPosix
import Synchronization

/// One keep-alive connection to an HTTP/1.1 server on this machine, for one request after the other.
public final class HTTPConnection: Sendable {
    private let channel: any Channel
    private let inbox: HTTPInbox

    /// - Throws: where nobody listens.
    public static func connect(port: Int) async throws -> HTTPConnection {
        let inbox = HTTPInbox()
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(.seconds(10))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(HTTPInboxHandler(inbox))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return HTTPConnection(channel, inbox)
    }

    private init(_ channel: any Channel, _ inbox: HTTPInbox) {
        self.channel = channel
        self.inbox = inbox
    }

    deinit { channel.close(promise: nil) }

    /// Sends a request and waits for its answer, for at most half a minute.
    /// - Throws: where the connection ends before the answer is there: the outcome is unknown.
    public func send(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: String? = nil
    ) async throws -> HTTPResponse {
        let length = body.map { [("Content-Length", String($0.utf8.count))] } ?? []
        let host = headers.contains { $0.0 == "Host" } ? [] : [("Host", "127.0.0.1")]
        let fields = host + headers + length
        let head = "\(method) \(path) HTTP/1.1\r\n" + fields.map { "\($0): \($1)\r\n" }.joined() + "\r\n"
        inbox.expect(isHead: method == "HEAD")
        try await write(head + (body ?? ""))
        return try await response()
    }

    /// Sends bytes as they are.
    public func write(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text)).get()
    }

    /// Waits for the next answer.
    public func response() async throws -> HTTPResponse {
        let limit = channel.eventLoop.scheduleTask(in: .seconds(30)) { [channel] in channel.close(promise: nil) }
        defer { limit.cancel() }
        return try await inbox.next()
    }

    public func close() { channel.close(promise: nil) }
}

/// The responses that have come, and who waits for one.
final class HTTPInbox: Sendable {
    private typealias Waiter = CheckedContinuation<HTTPResponse, any Error>

    private struct State {
        var parser = HTTPResponseParser()
        var responses: [HTTPResponse] = []
        var end: (any Error)?
        var waiter: Waiter?
    }

    private let state = Mutex(State())

    func expect(isHead: Bool) { state.withLock { $0.parser.isHead = isHead } }

    func next() async throws -> HTTPResponse {
        try await withCheckedThrowingContinuation { continuation in
            let result: Result<HTTPResponse, any Error>? = state.withLock { state in
                if !state.responses.isEmpty { return .success(state.responses.removeFirst()) }
                if let end = state.end { return .failure(end) }
                state.waiter = continuation
                return nil
            }
            if let result { continuation.resume(with: result) }
        }
    }

    func take(_ bytes: ByteBuffer) {
        do {
            let ready = try state.withLock { state -> (Waiter, HTTPResponse)? in
                state.parser.feed(bytes.readableBytesView)
                while let response = try state.parser.next() { state.responses.append(response) }
                guard !state.responses.isEmpty, let waiter = state.waiter.take() else { return nil }
                return (waiter, state.responses.removeFirst())
            }
            if let (waiter, response) = ready { waiter.resume(returning: response) }
        } catch {
            end(error)
        }
    }

    func end(_ error: any Error) {
        let waiter = state.withLock { state in
            state.end = state.end ?? error
            return state.waiter.take()
        }
        waiter?.resume(throwing: error)
    }
}

private final class HTTPInboxHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let inbox: HTTPInbox

    init(_ inbox: HTTPInbox) { self.inbox = inbox }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { inbox.take(unwrapInboundIn(data)) }

    func channelInactive(context: ChannelHandlerContext) {
        inbox.end(TestKitError("the connection ended before the answer"))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        inbox.end(error)
        context.close(promise: nil)
    }
}
