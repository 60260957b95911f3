import HTTPTypes
import HandlerRuntime
import Hummingbird
import HummingbirdCore
import JSON
import NIOCore

/// A refusal as `application/problem+json` (RFC 9457).
struct Problem {
    let status: HTTPResponse.Status
    let type: String
    let title: String
    let detail: String
    var violations: [Violation] = []
    /// What programs need to know beside: members of the problem's own (RFC 9457, section 3.2).
    var details = JSONObject()
    var headers = HTTPFields()

    init(_ refusal: Refusal) {
        status = HTTPResponse.Status(code: refusal.code.httpStatus)
        type = "urn:ordershop:problem:\(refusal.code.name)"
        title = refusal.code.title
        detail = refusal.message
        violations = refusal.violations
        details = refusal.details
        if status == .serviceUnavailable {
            headers[.retryAfter] = String(max(1, refusal.retryAfter?.components.seconds ?? 1))
        }
    }

    init(status: HTTPResponse.Status, detail: String, headers: HTTPFields = [:]) {
        self.status = status
        type = "about:blank"
        title = status.reasonPhrase
        self.detail = detail
        self.headers = headers
    }

    func response(requestID: String) -> Response {
        var headers = headers
        headers[.contentType] = "application/problem+json"
        headers[.contentLength] = nil
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body(requestID)))
    }

    /// A key must not stand twice.
    private static let ownMembers: Set<String> = ["type", "title", "status", "detail", "errors", "request_id"]

    private func body(_ requestID: String) -> ByteBuffer {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("type", type)
            writer.member("title", title)
            writer.member("status", Int64(status.code))
            writer.member("detail", detail)
            if !violations.isEmpty { write(&writer) }
            for member in details.members where !Self.ownMembers.contains(member.key) {
                writer.key(member.key)
                writer.write(member.value)
            }
            writer.member("request_id", requestID)
        }
        return ByteBuffer(bytes: writer.bytes)
    }

    private func write(_ writer: inout JSONWriter) {
        writer.key("errors")
        writer.array { writer in
            for violation in violations {
                writer.object { writer in
                    writer.member("pointer", violation.pointer)
                    writer.member("detail", violation.detail)
                }
            }
        }
    }
}
