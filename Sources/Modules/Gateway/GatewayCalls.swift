import HTTPTypes
import HandlerRuntime
import JSON
import Hummingbird
import HummingbirdCore
import NIOCore
public import Tracing

/// `POST /rpc`: the methods of the control socket over HTTP, a call in each request.
public struct GatewayCalls: Sendable {
    public struct Answer: Sendable {
        let body: [UInt8]
        let needsRole: Bool

        /// - Parameters:
        ///   - body: a JSON-RPC response; empty for a notification.
        ///   - needsRole: it was refused, as the caller has not the role that the method takes.
        public init(body: [UInt8], needsRole: Bool) { (self.body, self.needsRole) = (body, needsRole) }
    }

    static let path = "/rpc"

    /// Where a call comes from.
    public struct Source: Sendable {
        public let caller: GatewayCaller
        public let requestID: String
        /// The span of the request; nil: it is not traced.
        public let trace: InstrumentationContext?
    }

    let answer: @Sendable ([UInt8], Source) async -> Answer

    /// - Parameter answer: to the body of a request.
    public init(answer: @escaping @Sendable ([UInt8], Source) async -> Answer) { self.answer = answer }

    func respond(to request: Request, in context: GatewayContext, limit: Int) async throws -> Response {
        let caller = context.caller
        if caller.role == nil { return Self.unauthorized }
        let body: ByteBuffer
        do { body = try await request.body.collect(upTo: limit) } catch is NIOTooManyBytesError {
            throw ProblemMiddleware.tooLarge(limit)
        }
        let source = Source(caller: caller, requestID: request.headers[.requestID] ?? "", trace: context.trace)
        // Some of these methods compute, or read files, for longer than others of this event loop should wait.
        let answer = await withTaskExecutorPreference(globalConcurrentExecutor) {
            await self.answer(Array(body.readableBytesView), source)
        }
        if answer.body.isEmpty { return Response(status: .noContent) }
        let status: HTTPResponse.Status =
            answer.needsRole ? (caller.name == nil ? .unauthorized : .forbidden) : .ok
        return Self.response(status, answer.body)
    }

    /// Before anything of the request is looked at.
    private static var unauthorized: Response {
        let error: JSONValue = [
            "jsonrpc": "2.0",
            "error": [
                "code": .number(JSONNumber(Int64(Refusal.Code.forbidden.jsonRPCCode))),
                "message": "this takes a login or a token: send Authorization: Bearer TOKEN",
                "data": ["reason": "forbidden"],
            ], "id": .null,
        ]
        return response(.unauthorized, error.bytes)
    }

    private static func response(_ status: HTTPResponse.Status, _ body: [UInt8]) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}
