import HTTPTypes
import HandlerRuntime
import Hummingbird
import HummingbirdCore
import JSON

/// `/session`, `/login` and `/logout`: for people with a browser.
struct SessionActions: Sendable {
    let doorkeeper: Doorkeeper

    static let paths = ["/session", "/login", "/logout"]

    func add(to router: Router<Routes.Context>) {
        router.get("/session") { _, context in response(about: context.caller) }
        router.post("/login") { request, context in
            let token = try await token(in: request)
            let caller = try doorkeeper.logIn(token, from: context.channel)
            return response(about: caller, setting: cookie(caller.session ?? "", of: context))
        }
        router.post("/logout") { _, context in
            response(about: doorkeeper.logOut(context.caller), setting: cookie(nil, of: context))
        }
    }

    private func token(in request: Request) async throws -> String {
        let body = try await request.body.collect(upTo: 4_096)
        let value: JSONValue
        do { value = try JSONValue(parsing: body.readableBytesView) } catch {
            throw Refusal(.malformed, "the body is not JSON: \(error)")
        }
        guard let token = value["token"]?.string else {
            throw Refusal([Violation("/token", "is missing: a token of the token file was expected")])
        }
        return token
    }

    /// - Parameter key: nil: the cookie is taken back.
    private func cookie(_ key: String?, of context: Routes.Context) -> String {
        let security = context.isEncrypted ? "; Secure" : ""
        let age = key == nil ? "; Max-Age=0" : ""
        return "\(Doorkeeper.cookie)=\(key ?? ""); Path=/; HttpOnly; SameSite=Strict\(security)\(age)"
    }

    private func response(about caller: GatewayCaller, setting cookie: String? = nil) -> Response {
        let rest = caller.session.flatMap(doorkeeper.sessions.rest)
        let body: JSONValue = [
            "role": caller.role.map { .string($0.name) } ?? .null,
            "name": caller.name.map { .string($0) } ?? .null,
            "expires_at": rest.map { .string(Moment(after: $0).text) } ?? .null,
            "can_login": .bool(!doorkeeper.rules.value.tokens.isEmpty),
        ]
        var fields: HTTPFields = [.contentType: "application/json", .cacheControl: "no-store"]
        if let cookie { fields[.setCookie] = cookie }
        return Response(status: .ok, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body.bytes)))
    }
}
