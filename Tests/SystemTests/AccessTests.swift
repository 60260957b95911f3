import Foundation
import JSON
import TestKit
import Testing

@Suite struct `By HTTP` {
    private static let (ada, bob) = ("ada-0123456789abcdef", "bob-0123456789abcdef")

    private func withDoor(_ body: @escaping @Sendable (Shop) async throws -> Void) async throws {
        let directory = try TemporaryDirectory()
        let file = directory.file("tokens")
        try "operator ada \(Self.ada)\nviewer bob \(Self.bob)\n".write(
            toFile: file, atomically: true, encoding: .utf8)
        try await withShop(DaemonProcess.Options().with("ORDERSHOP_GATEWAY_ACCESS_TOKEN_FILE", file), body)
        withExtendedLifetime(directory) {}
    }

    private func call(
        _ shop: Shop, _ method: String, _ params: JSONValue = [:], headers: [(String, String)] = []
    ) async throws -> HTTPResponse {
        let call: JSONValue = ["jsonrpc": "2.0", "id": 7, "method": .string(method), "params": params]
        return try await shop.request("POST", "/rpc", headers: headers, body: call.text)
    }

    private func bearer(_ token: String) -> [(String, String)] { [("Authorization", "Bearer \(token)")] }

    @Test func `the daemon's methods take the roles that they take over the socket`() async throws {
        try await withDoor { shop in
            let modules = try await shop.call("module.list").array?.count
            let list = try await call(shop, "module.list")
            #expect(list.status == 200)
            #expect(try list.json()["result"]?.array?.count == modules)
            let disable: JSONValue = ["name": "crm"]
            #expect(try await call(shop, "module.disable", disable).status == 401)
            #expect(try await call(shop, "module.disable", disable, headers: bearer(Self.bob)).status == 403)
            #expect(try await call(shop, "module.disable", disable, headers: bearer("nobody")).status == 401)
            #expect(try await shop.modules()["crm"]?["state"] == "running")
            #expect(try await call(shop, "module.disable", disable, headers: bearer(Self.ada)).status == 200)
            #expect(try await shop.modules()["crm"]?["state"] == "disabled")
            let watch = try await call(shop, "module.watch", headers: bearer(Self.ada)).json()
            #expect(watch["error"]?["message"]?.string?.contains("control socket") == true)
        }
    }

    @Test func `people log in with a token, and out again`() async throws {
        try await withDoor { shop in
            let own = [("Origin", "http://127.0.0.1")]
            let wrong = try await shop.request("POST", "/login", headers: own, body: #"{"token":"x"}"#)
            #expect(wrong.status == 401)
            let login = try await shop.request("POST", "/login", headers: own, body: #"{"token":"\#(Self.ada)"}"#)
            #expect(try login.json()["role"] == "operator")
            let cookie = try #require(login.header("set-cookie"))
            #expect(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Strict"))
            let session = own + [("Cookie", String(cookie.prefix { $0 != ";" }))]
            #expect(try await shop.request("GET", "/session", headers: session).json()["name"] == "ada")
            let enable: JSONValue = ["name": "crm"]
            #expect(try await call(shop, "module.enable", enable, headers: session).status == 200)
            // A session alone does not say whose page asks.
            #expect(try await call(shop, "module.enable", enable, headers: [session[1]]).status == 403)
            #expect(try await shop.request("POST", "/logout", headers: session).status == 200)
            #expect(try await call(shop, "module.enable", enable, headers: session).status == 401)
        }
    }

    @Test func `wrong tokens end in 429, and the right one is taken all the same`() async throws {
        try await withDoor { shop in
            var last: HTTPResponse?
            for _ in 0...10 { last = try await shop.request("POST", "/login", body: #"{"token":"wrong"}"#) }
            #expect(last?.status == 429)
            #expect(last?.header("retry-after") != nil)
            #expect(try await call(shop, "rpc.ping", headers: bearer(Self.bob)).status == 200)
        }
    }

    static let foreign: [(name: String, headers: [(String, String)], status: Int)] = [
        ("a name of somebody else's", [("Host", "evil.example")], 421),
        ("a page of somebody else's", [("Origin", "https://evil.example")], 403),
        ("a page from nowhere", [("Origin", "null")], 403),
        ("another site", [("Sec-Fetch-Site", "cross-site")], 403),
        ("the same site, but another origin", [("Sec-Fetch-Site", "same-site")], 403),
        ("a form", [("Sec-Fetch-Site", "same-origin"), ("Content-Type", "text/plain")], 415),
    ]

    @Test func `what comes from elsewhere is refused, and nothing has changed`() async throws {
        try await withDoor { shop in
            for (name, headers, status) in Self.foreign {
                let body = #"{"name":"Eve","email":"eve@example.org"}"#
                let response = try await shop.request("POST", "/customer", headers: headers, body: body)
                #expect(response.status == status, "\(name)")
                #expect(response.header("content-type") == "application/problem+json", "\(name)")
            }
            #expect(try await shop.get("/customers") == [])
            #expect(try await shop.request("GET", "/customers", headers: [("Host", "evil.example")]).status == 421)
        }
    }

    @Test func `pages and answers carry what browsers are to be told`() async throws {
        try await withDoor { shop in
            let page = try await shop.request("GET", "/")
            #expect(page.header("content-security-policy")?.contains("script-src 'self'") == true)
            #expect(page.header("cross-origin-opener-policy") == "same-origin")
            let answer = try await shop.request("GET", "/customers")
            #expect(answer.header("x-content-type-options") == "nosniff")
            #expect(answer.header("access-control-allow-origin") == nil)
        }
    }

    @Test func `this machine sees nothing but the shop where nobody may look`() async throws {
        let options = DaemonProcess.Options().with("ORDERSHOP_GATEWAY_ACCESS_ANONYMOUS", "none")
        try await withShop(options) { shop in
            for path in ["/metrics", "/openapi.json", "/events", "//events"] {
                let response = try await shop.request("GET", path)
                #expect(response.status == 401 || response.status == 404, "\(path)")
            }
            #expect(try await call(shop, "rpc.ping").status == 401)
            #expect(try await shop.get("/customers") == [])
        }
    }
}
