import HTTPTypes
public import HandlerRuntime
import Hummingbird
import HummingbirdCore
public import NIOCore

/// An answer to GET that goes on until one of both sides ends it: Server-Sent Events
/// (https://html.spec.whatwg.org/multipage/server-sent-events.html). Like a page, it is served also while the
/// gateway's module is disabled.
public struct GatewayStream: Sendable {
    public struct Request: Sendable {
        public let query: [(name: String, value: String)]
        /// What a client saw last that was cut off and comes back; nil for one that comes for the first time.
        public let lastEventID: String?
        /// Ends the connection at once, also while something is being written to it.
        public let hangUp: @Sendable () -> Void
    }

    /// Sends bytes; returns when the connection can take more, which is never where nobody reads.
    public typealias Write = (ByteBuffer) async throws -> Void
    /// Writes all there is to tell. The stream ends where it returns.
    public typealias Body = @Sendable (Write) async throws -> Void

    let path: String
    let open: @Sendable (Request) async throws(Refusal) -> Body

    public init(_ path: String, open: @escaping @Sendable (Request) async throws(Refusal) -> Body) {
        self.path = path
        self.open = open
    }

    func respond(to request: HummingbirdCore.Request, on channel: any Channel) async throws -> Response {
        let query = request.uri.queryParameters.map { (name: String($0.key), value: String($0.value)) }
        let body = try await open(
            Request(
                query: query, lastEventID: request.headers[.lastEventID],
                hangUp: { channel.close(promise: nil) }))
        return Response(
            status: .ok, headers: Self.fields,
            body: ResponseBody { writer in
                try await channel.pipeline.addHandler(Departure(), position: .first).get()
                try await body { try await writer.write($0) }
                try await writer.finish(nil)
            })
    }

    /// Nobody in between may keep what is sent, neither for others nor until there is more of it.
    private static let fields: HTTPFields = [
        .contentType: "text/event-stream", .cacheControl: "no-store", .accelBuffering: "no",
    ]
}

/// Ends a connection whose client will send nothing more. Elsewhere that may be one who waits for the answer all the
/// same; here there is no end to wait for, and it is how clients leave.
private final class Departure: ChannelInboundHandler, Sendable {
    typealias InboundIn = Any

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }
}

extension HTTPField.Name {
    fileprivate static let lastEventID = HTTPField.Name("Last-Event-ID") ?? .via
    /// What nginx and its kin go by.
    fileprivate static let accelBuffering = HTTPField.Name("X-Accel-Buffering") ?? .via
}
