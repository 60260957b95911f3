import GatewayService
import Glibc
import HandlerRuntime

extension Settings {
    /// TLS of the gateway.
    public struct TLS: Sendable, Equatable {
        var certificate: String?
        var key: String?
        var clientAuthorities: String?
        var clientRole = Role.viewer
    }

    /// With the files read; nil where no certificate is named.
    func serverTLS() throws(SettingsError) -> ServerTLS? {
        let tls = gateway.tls
        guard let certificate = tls.certificate else {
            if let file = tls.clientAuthorities {
                throw Self.unusable(file, "is gateway.tls.client_ca, which takes gateway.tls.certificate as well")
            }
            return nil
        }
        guard let key = tls.key else {
            throw Self.unusable(
                certificate, "has no key: name its file as gateway.tls.key, or the credential gateway.tls.key")
        }
        do throws(ServerTLS.Failure) {
            return try ServerTLS(
                certificate: certificate, key: key, clientAuthorities: tls.clientAuthorities,
                clientRole: tls.clientRole)
        } catch {
            throw Self.unusable(error.file, "cannot be used for TLS: \(error.reason); expected PEM")
        }
    }

    private static func unusable(_ file: String, _ message: String) -> SettingsError {
        let origin = SettingsOrigin.file(path: file, line: nil, column: nil)
        return SettingsError(problems: [SettingsProblem(origin: origin, message: message)])
    }
}

extension ListenAddress {
    /// Whether nobody but this machine can reach it.
    var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
}

extension Daemon {
    /// Off this machine nobody is let in without showing something, so there must be something that can be shown.
    static func checkDoors(
        _ address: ListenAddress, _ rules: AccessRules, _ tls: ServerTLS?
    ) throws(SettingsError) {
        if address.isLoopback || !rules.tokens.isEmpty || tls?.asksClients == true { return }
        let message =
            "\(address) can be reached from other machines, and nobody there could be let in; expected "
            + "gateway.access.token_file or gateway.tls.client_ca as well, or a loopback address such as 127.0.0.1:5000"
        throw SettingsError(problems: [SettingsProblem(origin: .flag("http.listen"), message: message)])
    }
}
