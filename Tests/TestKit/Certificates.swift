/// A CA, a certificate by it that serves server and client alike, and a CA that nobody trusts; by openssl.
public struct Certificates: Sendable {
    public let ca: String
    public let otherCA: String
    public let server: String
    public let key: String

    /// - Parameter names: what the certificate is made out for, as openssl's `subjectAltName`.
    public init(in directory: TemporaryDirectory, names: String) async throws {
        ca = directory.file("ca.pem")
        otherCA = directory.file("other.pem")
        server = directory.file("server.pem")
        key = directory.file("server.key")
        let new = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
            "2",
        ]
        let authority = ["-addext", "basicConstraints=critical,CA:TRUE"]
        try await run(new + authority + ["-subj", "/CN=Test CA", "-keyout", directory.file("ca.key"), "-out", ca])
        try await run(
            new + authority + ["-subj", "/CN=Other", "-keyout", directory.file("other.key"), "-out", otherCA])
        let signing = ["-CA", ca, "-CAkey", directory.file("ca.key")]
        let leaf = ["-addext", "subjectAltName=\(names)", "-addext", "basicConstraints=critical,CA:FALSE"]
        try await run(new + signing + leaf + ["-subj", "/CN=server", "-keyout", key, "-out", server])
    }

    private func run(_ arguments: [String]) async throws {
        let process = try await ChildProcess.start(arguments)
        guard try await process.exitCode() == 0 else {
            throw TestKitError("failed: \(arguments.joined(separator: " "))")
        }
    }
}
