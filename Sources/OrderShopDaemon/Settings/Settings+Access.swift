import GatewayService
import HandlerRuntime

extension Settings {
    /// Who may come in by HTTP.
    public struct Access: Sendable, Equatable {
        /// What somebody on this machine may do without a token, beside the shop's REST API; nil: nothing.
        var anonymous: Role?
        /// The file with the tokens.
        var tokenFile: String?
        var hosts: Set<String> = []
        var origins: Set<String> = []
    }

    /// The rules, with the tokens read.
    func accessRules() throws(SettingsError) -> AccessRules {
        let access = gateway.access
        // The name that it was told to listen on leads to it.
        let hosts = access.hosts.union([http.listen.host.lowercased()])
        return AccessRules(
            anonymous: access.anonymous, hosts: hosts, origins: access.origins, tokens: try tokens(access.tokenFile)
        )
    }

    private func tokens(_ file: String?) throws(SettingsError) -> [AccessToken] {
        guard let file else { return [] }
        let problem: String
        do {
            return try AccessToken.parse(try Files.read(file, atMost: 1_048_576) ?? "")
        } catch let error as AccessToken.Problem {
            problem = error.message
        } catch {
            problem = "cannot be read: \(error)"
        }
        let origin = SettingsOrigin.file(path: file, line: nil, column: nil)
        throw SettingsError(problems: [SettingsProblem(origin: origin, message: problem)])
    }
}
