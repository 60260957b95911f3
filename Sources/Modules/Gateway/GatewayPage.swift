import HTTPTypes
import Hummingbird
import NIOCore

/// Something of its own that the gateway serves by GET beside the commands, also while its module is disabled: what
/// is for those who look after the shop, not for its customers.
public struct GatewayPage: Sendable {
    public struct Answer: Sendable {
        let status: Int
        let contentType: String
        let body: [UInt8]

        public init(status: Int = 200, contentType: String, body: some Collection<UInt8>) {
            (self.status, self.contentType, self.body) = (status, contentType, Array(body))
        }
    }

    let path: String
    let answer: @Sendable (_ accept: String?) async -> Answer

    /// - Parameter answer: is given the request's `Accept` header.
    public init(_ path: String, answer: @escaping @Sendable (_ accept: String?) async -> Answer) {
        self.path = path
        self.answer = answer
    }

    /// - Returns: what is never kept by anybody in between, as it is true for a moment only.
    func respond(to request: Request) async -> Response {
        let answer = await answer(request.headers[.accept])
        return Response(
            status: HTTPResponse.Status(code: answer.status),
            headers: [.contentType: answer.contentType, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
    }
}
