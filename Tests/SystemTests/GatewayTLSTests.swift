import Foundation
import JSON
import TestKit
import Testing

/// Certificates of this test's own, and the settings that name them.
private struct Door {
    static let token = "0123456789abcdefghijkl"
    let directory: TemporaryDirectory
    let certificates: Certificates

    init() async throws {
        directory = try TemporaryDirectory()
        certificates = try await Certificates(in: directory, names: "DNS:localhost,IP:127.0.0.1,IP:192.0.2.1")
        try Data("operator ada \(Self.token)\n".utf8).write(to: URL(filePath: tokens))
    }

    var tokens: String { directory.file("tokens") }

    func settings(_ more: String = "") -> String {
        """
        gateway:
          access: {token_file: \(tokens), anonymous: none}
          tls: {certificate: \(certificates.server), key: \(certificates.key)\(more)}

        """
    }

    /// - Returns: what curl writes, with the status behind it; nil where there is no answer.
    func curl(_ arguments: String...) async throws -> String? {
        let curl = ["curl", "-sS", "-m", "30", "--cacert", certificates.ca, "-w", "%{http_code}"]
        let result = try await runCommand(curl + arguments)
        return result.exitCode == 0 ? result.output : nil
    }

    /// What a client shows whose certificate is by the authority that is trusted.
    var shown: (String, String, String, String) { ("--cert", certificates.server, "--key", certificates.key) }

    func call(_ method: String, _ name: String? = nil) -> String {
        let params: JSONValue = name.map { ["name": .string($0)] } ?? [:]
        return JSONValue.object(
            JSONObject([("jsonrpc", "2.0"), ("id", 1), ("method", .string(method)), ("params", params)])
        ).text
    }
}

@Suite(.timeLimit(.minutes(12))) struct `A gateway with TLS` {
    /// A shop without TLS that is told of it while it runs.
    private func withTLS(
        _ more: String = "", _ body: @escaping @Sendable (Shop, Door, _ url: String) async throws -> Void
    ) async throws {
        let door = try await Door()
        try await withShop { shop in
            let url = "https://localhost:\(shop.daemon.port)"
            try shop.daemon.configure(door.settings(more.replacing("CA", with: door.certificates.ca)))
            shop.daemon.signal(SIGHUP)
            try await eventually("TLS is spoken") { try await door.curl("\(url)/health/live") != nil }
            try await body(shop, door, url)
        }
    }

    @Test func `speaks HTTP 1.1 over TLS 1.2 and 1.3, nothing older, and nothing without`() async throws {
        try await withTLS { shop, door, url in
            for version in ["1.2", "1.3"] {
                let answer = try await door.curl(
                    "--tlsv\(version)", "--tls-max", version, "-w", "%{http_version} %{http_code}", "-o",
                    "/dev/null",
                    "\(url)/customers")
                #expect(answer == "1.1 200", "TLS \(version)")
            }
            let old = try await door.curl(
                "--tlsv1.0", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0", "\(url)/customers")
            #expect(old == nil)
            #expect(try await door.curl("http://localhost:\(shop.daemon.port)/customers") == nil)
            let head = try #require(try await door.curl("-I", "\(url)/customers"))
            #expect(head.contains("Strict-Transport-Security: max-age="))
        }
    }

    @Test func `keeps its session's cookie away from connections without`() async throws {
        try await withTLS { _, door, url in
            let login = try #require(
                try await door.curl("-i", "--json", #"{"token": "\#(Door.token)"}"#, "\(url)/login"))
            let cookie = try #require(login.split(separator: "\r\n").first { $0.hasPrefix("Set-Cookie:") })
            for word in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
                #expect(cookie.contains("; \(word)"))
            }
        }
    }

    @Test func `lets clients in by a certificate of the named authority, as viewers`() async throws {
        try await withTLS(", client_ca: CA") { shop, door, url in
            let (list, disable) = (door.call("module.list"), door.call("module.disable", "crm"))
            let (cert, file, key, keyFile) = door.shown
            #expect(try await door.curl("--json", list, "\(url)/rpc")?.hasSuffix("401") == true)
            #expect(
                try await door.curl(cert, file, key, keyFile, "--json", list, "\(url)/rpc")?.hasSuffix("200")
                    == true)
            #expect(
                try await door.curl(cert, file, key, keyFile, "--json", disable, "\(url)/rpc")?.hasSuffix("403")
                    == true)
            let session = try #require(try await door.curl(cert, file, key, keyFile, "\(url)/session"))
            #expect(session.contains(#""role":"viewer","name":"server""#))
            let other = (door.certificates.otherCA, door.directory.file("other.key"))
            #expect(try await door.curl(cert, other.0, key, other.1, "\(url)/health/live") == nil)
            #expect(try await shop.modules()["crm"]?["enabled"] == true)
        }
    }

    @Test func `lets them do what the settings say`() async throws {
        try await withTLS(", client_ca: CA, client_role: operator") { shop, door, url in
            let (cert, file, key, keyFile) = door.shown
            let answer = try await door.curl(
                cert, file, key, keyFile, "--json", door.call("module.disable", "crm"), "\(url)/rpc")
            #expect(answer?.hasSuffix("200") == true)
            #expect(try await shop.modules()["crm"]?["enabled"] == false)
        }
    }

    @Test func `takes a renewed certificate at a reload, and keeps the old one where the new is none`() async throws
    {
        try await withTLS { shop, door, url in
            let renewed = try TemporaryDirectory()
            let certificates = try await Certificates(in: renewed, names: "DNS:localhost")
            try Data("nonsense".utf8).write(to: URL(filePath: door.certificates.server))
            shop.daemon.signal(SIGHUP)
            try await eventually("it is refused") { shop.daemon.log.contains("cannot be used for TLS") }
            #expect(try await door.curl("\(url)/customers") == "[]200")
            for (from, to) in [
                (certificates.server, door.certificates.server), (certificates.key, door.certificates.key),
            ] {
                try Data(contentsOf: URL(filePath: from)).write(to: URL(filePath: to))
            }
            shop.daemon.signal(SIGHUP)
            try await eventually("the new one is shown") {
                try await door.curl("--cacert", certificates.ca, "\(url)/customers") == "[]200"
            }
            #expect(try await door.curl("\(url)/customers") == nil)
        }
    }
}

private let canMakeNetworks =
    geteuid() == 0
    && ["/usr/bin/unshare", "/usr/sbin/ip"].allSatisfy { FileManager.default.fileExists(atPath: $0) }

@Suite(.timeLimit(.minutes(12))) struct `A gateway that other machines can reach` {
    @Test func `does not start where nobody there could be let in`() async throws {
        let directory = try TemporaryDirectory()
        let started = try await runCommand([
            try Programs.path("ordershopd"), "--http", "192.0.2.1:5000", "--state-directory",
            directory.file("state"),
            "--socket", directory.file("c.sock"),
        ])
        #expect(started.exitCode == 78)
        #expect(started.errors.contains("http.listen: 192.0.2.1:5000 can be reached from other machines"))
        #expect(started.errors.contains("expected gateway.access.token_file or gateway.tls.client_ca"))
    }

    /// In a network of its own, where the loopback interface has an address that is not a loopback one.
    private static let script = """
        ip link set lo up && ip address add 192.0.2.1/24 dev lo || exit 9
        "$1" --config conf.yaml --http 0.0.0.0:5000 --state-directory state --socket c.sock >log 2>&1 &
        daemon=$!
        ask() { printf '%s ' "$1"; shift; curl -sS -m 20 --cacert "$ca" -o /dev/null -w '%{http_code}\\n' "$@"; }
        ca=$2 certificate=$3 key=$4 bearer="Authorization: Bearer $5"
        until [ "$(ask x https://127.0.0.1:5000/orders/unbilled 2>/dev/null)" = "x 200" ]; do
            kill -0 $daemon || exit 8
            sleep 0.05
        done
        url=https://192.0.2.1:5000
        for path in /health/live /session / /health/ready /customers /report /metrics /openapi.json /events /nowhere; do
            ask "$path" "$url$path"
        done
        customer='{"name": "Ada", "email": "ada@example.org"}'
        ask post "$url/customers" --json "$customer"
        ask rpc "$url/rpc" --json '{"jsonrpc": "2.0", "id": 1, "method": "rpc.ping"}'
        ask token "$url/customers" -H "$bearer"
        ask token-post "$url/customers" -H "$bearer" --json "$customer"
        ask certificate "$url/customers" --cert "$certificate" --key "$key"
        ask certificate-post "$url/customers" --cert "$certificate" --key "$key" --json "$customer"
        ask loopback https://127.0.0.1:5000/customers --json "$customer"
        kill $daemon; wait $daemon
        """

    @Test(.enabled(if: canMakeNetworks, "takes root, unshare and ip"))
    func `serves there whoever shows a token or a certificate, as far as the role goes, and nobody else`()
        async throws
    {
        let door = try await Door()
        let settings = door.settings(", client_ca: \(door.certificates.ca)")
        try Data(settings.utf8).write(to: URL(filePath: door.directory.file("conf.yaml")))
        let result = try await runCommand(
            ["unshare", "--net", "sh", "-c", "cd \"$1\" && shift && \(Self.script)", "sh", door.directory.path]
                + [try Programs.path("ordershopd"), door.certificates.ca, door.certificates.server]
                + [door.certificates.key, Door.token])
        #expect(result.exitCode == 0, "\(result.errors)")
        let open = ["/health/live 200", "/session 200", "/ 200"]
        let closed = [
            "/health/ready", "/customers", "/report", "/metrics", "/openapi.json", "/events", "/nowhere", "post",
            "rpc",
        ].map { "\($0) 401" }
        let shown = ["token 200", "token-post 200", "certificate 200", "certificate-post 403", "loopback 200"]
        #expect(result.output.split(separator: "\n").map(String.init) == open + closed + shown)
    }
}
