import NIOCore
import NIOSSL

/// The client's side of TLS, read from the files that the configuration names.
struct ClientTLS: Sendable {
    private let context: NIOSSLContext
    /// What the certificate has to be made out for; nil verifies the IP address that was connected to.
    private let hostname: String?

    /// Throws `invalidURL` when a file cannot be used.
    init(_ tls: RedisConfiguration.TLS, host: String) throws(RedisError) {
        do {
            context = try NIOSSLContext(configuration: Self.configuration(tls))
        } catch {
            throw RedisError(
                .invalidURL,
                "a TLS file cannot be used (CA \(tls.caFile ?? "of the system"), certificate "
                    + "\(tls.certificateFile ?? "none"), key \(tls.privateKeyFile ?? "none")): \(error)")
        }
        let isIPAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        hostname = isIPAddress ? nil : host
    }

    func makeHandler() throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(context: context, serverHostname: hostname)
    }

    private static func configuration(_ tls: RedisConfiguration.TLS) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = tls.verifiesHostname ? .fullVerification : .noHostnameVerification
        if let file = tls.caFile { configuration.trustRoots = .file(file) }
        if let file = tls.certificateFile {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(file).map { .certificate($0) }
        }
        if let file = tls.privateKeyFile {
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: file, format: .pem))
        }
        return configuration
    }
}
