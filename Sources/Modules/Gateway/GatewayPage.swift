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
        let tag: String?

        /// - Parameter tag: names these very bytes, for what may be kept as long as it is asked for each time; nil:
        ///   true for a moment only, and never kept by anybody in between.
        public init(status: Int = 200, contentType: String, body: some Collection<UInt8>, tag: String? = nil) {
            (self.status, self.contentType, self.body, self.tag) = (status, contentType, Array(body), tag)
        }
    }

    let path: String
    let isOpen: Bool
    let answer: @Sendable (_ accept: String?) async -> Answer

    /// - Parameters:
    ///   - isOpen: it has nothing of the shop in it, and is served to everybody.
    ///   - answer: is given the request's `Accept` header.
    public init(
        _ path: String, isOpen: Bool = false, answer: @escaping @Sendable (_ accept: String?) async -> Answer
    ) {
        self.isOpen = isOpen
        self.path = path
        self.answer = answer
    }

    func respond(to request: Request) async -> Response {
        let answer = await answer(request.headers[.accept])
        return answer.tag.map { answer.response(to: request, tag: "\"\($0)\"") } ?? answer.response
    }
}

extension GatewayPage.Answer {
    fileprivate var response: Response {
        Response(
            status: HTTPResponse.Status(code: status),
            headers: [.contentType: contentType, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }

    fileprivate func response(to request: Request, tag: String) -> Response {
        if Conditions.isKnown(tag: tag, to: request) {
            return Response(status: .notModified, headers: [.eTag: tag, .cacheControl: "no-cache"])
        }
        var response = response
        response.headers[.eTag] = tag
        response.headers[.cacheControl] = "no-cache"
        return response
    }
}
