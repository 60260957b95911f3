import HTTPTypes
import HandlerRuntime
import Hummingbird
import HummingbirdCore

/// Finds out who calls, and turns away whom nothing is open to.
struct AccessMiddleware: RouterMiddleware {
    typealias Context = Routes.Context

    let doorkeeper: Doorkeeper
    /// What has nothing of the shop in it: open to everybody. What is not named here is closed off this machine.
    let open: Set<String>

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let web = WebRules(rules: doorkeeper.rules.value)
        try web.check(request)
        if let fields = web.preflight(request) { return Response(status: .noContent, headers: fields) }
        var context = context
        context.caller = try doorkeeper.caller(of: request, on: context.channel, client: context.client)
        if context.caller.session != nil { try web.checkIsOwnPage(request) }
        if !open.contains(request.uri.path), !context.caller.isLocal { try context.caller.admit() }
        var response = try await next(request, context)
        for field in web.allowance(for: request) { response.headers.append(field) }
        return response
    }
}

extension Problem {
    init(_ denied: AccessDenied) {
        switch denied.kind {
        case .login:
            self.init(status: .unauthorized, detail: denied.detail, headers: [.wwwAuthenticate: "Bearer"])
        case .forbidden: self.init(status: .forbidden, detail: denied.detail)
        case .misdirected: self.init(status: .misdirectedRequest, detail: denied.detail)
        case .mediaType: self.init(status: .unsupportedMediaType, detail: denied.detail)
        case .tooMany(let seconds):
            self.init(status: .tooManyRequests, detail: denied.detail, headers: [.retryAfter: "\(seconds)"])
        }
    }
}
