import HTTPTypes
import HummingbirdCore

/// What keeps pages of others, in the browser of somebody who may more than they, from using it.
struct WebRules: Sendable {
    let rules: AccessRules

    func check(_ request: Request) throws(AccessDenied) {
        try checkHost(request)
        if request.method == .get || request.method == .head || request.method == .options { return }
        try checkOrigin(request)
        try checkContentType(request)
    }

    /// A name of somebody else's that leads to this address is how DNS rebinding is done. An address is no name.
    private func checkHost(_ request: Request) throws(AccessDenied) {
        guard let authority = request.head.authority else { return }
        let name = Self.host(of: authority)
        if Self.isAddress(name) { return }
        let host = name.lowercased()
        if host == "localhost" || host.hasSuffix(".localhost") || rules.hosts.contains(host) { return }
        throw AccessDenied(
            kind: .misdirected,
            detail:
                "the gateway is not known as \(host.prefix(100)): an operator can add it to gateway.access.hosts")
    }

    private static func isAddress(_ host: Substring) -> Bool {
        let isNumeric = host.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
        return host.hasPrefix("[") || isNumeric && !host.isEmpty
    }

    private static func host(of authority: String) -> Substring {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") { return authority[...end] }
        return Substring(authority.utf8.prefix { $0 != UInt8(ascii: ":") })
    }

    private func checkOrigin(_ request: Request) throws(AccessDenied) {
        if let origin = request.headers[.origin] {
            if rules.origins.contains(origin) { return }
            let place = origin.split(separator: "//", maxSplits: 1).last.map(String.init)
            guard let place, place == request.head.authority else {
                throw .forbidden(
                    "the page of \(origin.prefix(100)) may change nothing here: an operator can add it to "
                        + "gateway.access.origins")
            }
        }
        if let site = request.headers[.fetchSite], site != "same-origin", site != "none" {
            throw .forbidden("a request from another site may change nothing here")
        }
    }

    /// What a session may do, nobody else's page may have it do: the browser must say whose page it is.
    func checkIsOwnPage(_ request: Request) throws(AccessDenied) {
        if request.method == .get || request.method == .head { return }
        guard request.headers[.origin] == nil, request.headers[.fetchSite] == nil else { return }
        throw .forbidden(
            "a session takes requests from its own page only: programs send Authorization: Bearer TOKEN")
    }

    /// A browser sends what a form can send without asking first. Programs that are none may say what they like: the
    /// body is JSON whatever they call it.
    private func checkContentType(_ request: Request) throws(AccessDenied) {
        let isBrowser = request.headers[.origin] != nil || request.headers[.fetchSite] != nil
        guard isBrowser, let type = request.headers[.contentType] else { return }
        let essence = type.prefix { $0 != ";" && $0 != " " }.lowercased()
        if essence == "application/json" || essence.hasSuffix("+json") { return }
        throw AccessDenied(
            kind: .mediaType, detail: "the body is \(essence.prefix(100)): Content-Type: application/json is taken")
    }

    /// The answer to a page of one of `origins`.
    func allowance(for request: Request) -> HTTPFields {
        guard let origin = request.headers[.origin], rules.origins.contains(origin) else { return [:] }
        var fields: HTTPFields = [.vary: "Origin"]
        fields[.allowOrigin] = origin
        fields[.exposeHeaders] = "ETag, Link, Retry-After, X-Request-ID, Idempotency-Replayed"
        return fields
    }

    /// What a page that asks first is told.
    func preflight(_ request: Request) -> HTTPFields? {
        var fields = allowance(for: request)
        guard request.method == .options, !fields.isEmpty else { return nil }
        fields[.allowMethods] = "GET, HEAD, POST, PUT, DELETE"
        fields[.allowHeaders] =
            "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID"
        fields[.maxAge] = "600"
        return fields
    }
}

extension HTTPField.Name {
    private static func named(_ text: String) -> Self { HTTPField.Name(text) ?? .via }
    fileprivate static let fetchSite = named("Sec-Fetch-Site")
    fileprivate static let allowOrigin = named("Access-Control-Allow-Origin")
    fileprivate static let exposeHeaders = named("Access-Control-Expose-Headers")
    fileprivate static let allowMethods = named("Access-Control-Allow-Methods")
    fileprivate static let allowHeaders = named("Access-Control-Allow-Headers")
    fileprivate static let maxAge = named("Access-Control-Max-Age")
}
