public import HandlerRuntime
import NIOCore
import NIOSSL

/// The gateway's side of TLS: who it is, and whose certificates let clients in.
public struct ServerTLS: Sendable {
    /// Why a file cannot be used.
    public struct Failure: Error {
        public let file: String
        public let reason: String
    }

    private let context: NIOSSLContext
    /// What clients may whose certificate was verified; nil: none is asked for.
    private let clientRole: Role?

    /// - Parameters:
    ///   - certificate: PEM, the gateway's own first and then those that lead to its authority.
    ///   - clientAuthorities: PEM; nil: no client is asked for a certificate.
    public init(
        certificate: String, key: String, clientAuthorities: String? = nil, clientRole: Role = .viewer
    ) throws(Failure) {
        let chain = try Self.read(certificate) { try NIOSSLCertificate.fromPEMFile($0) }
        let secret = try Self.read(key) { try NIOSSLPrivateKey(file: $0, format: .pem) }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(secret))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        if let file = clientAuthorities {
            configuration.trustRoots = .certificates(try Self.read(file) { try NIOSSLCertificate.fromPEMFile($0) })
            configuration.certificateVerification = .optionalVerification
        }
        let complete = configuration
        context = try Self.read(certificate) { _ in try NIOSSLContext(configuration: complete) }
        self.clientRole = clientAuthorities == nil ? nil : clientRole
    }

    /// Whether it lets clients in by certificate.
    public var asksClients: Bool { clientRole != nil }

    private static func read<Value>(_ file: String, _ body: (String) throws -> Value) throws(Failure) -> Value {
        do { return try body(file) } catch { throw Failure(file: file, reason: "\(error)") }
    }

    /// On the channel's event loop, before anything else reads from it.
    func protect(_ channel: any Channel) throws {
        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
    }

    /// Whom the certificate names that the client has shown; one that does not verify ends the handshake.
    func caller(on channel: any Channel) async -> GatewayCaller? {
        guard let clientRole else { return nil }
        guard let certificate = try? await channel.nioSSL_peerCertificate().get() else { return nil }
        let name = certificate.subjectName.last { $0.type == .commonName }?.value
        return GatewayCaller(role: clientRole, name: name ?? "nameless", isLocal: channel.isLocal)
    }
}
