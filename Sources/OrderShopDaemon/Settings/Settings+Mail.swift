import BillingService
import CRMService
import Curl
public import MailService
import Mailing

extension Settings {
    /// How the shop's mails go out.
    public struct Mail: Sendable, Equatable {
        /// The directory with the letters' templates.
        var templates = ""
        /// The directory in it with those in the shop's language; empty: none.
        var locale = ""
        public var policy = MailPolicy(sender: "")
        /// Of the mail server; empty: mails go into the Maildir in the state directory.
        var url = ""
        var user: String?
        /// The file with the password.
        var passwordFile: String?
        var encryption = SMTPServer.Encryption.automatic
        var authorities: String?
        /// In seconds.
        var timeout = 0
        /// Before a mail that the server did not take is tried again, in seconds.
        var retry = 0

        /// The mail server, with the password read; nil where there is none.
        func server() throws(SettingsError) -> SMTPServer? {
            if url.isEmpty { return nil }
            var server = SMTPServer(url: url, timeout: .seconds(timeout))
            (server.user, server.encryption, server.authorities) = (user, encryption, authorities)
            if user != nil { server.password = try Settings.secret(in: passwordFile, "the password for mail.smtp") }
            return server
        }
    }
}

extension Settings {
    static let defaultTemplates = "/etc/ordershop/templates"

    /// Reads the templates of all letters. Without the directory of the package, those that are built in hold.
    func letterTemplates() throws(SettingsError) -> TemplateSet {
        let letters = BillingModule.letters + CRMModule.letters
        do throws(TemplateProblem) {
            if Files.exists(mail.templates) {
                return try TemplateSet(letters, directory: mail.templates, locale: mail.locale)
            }
            if mail.templates == Self.defaultTemplates { return try TemplateSet.builtIn(letters) }
            throw TemplateProblem(file: mail.templates, line: nil, message: "is not there; expected a directory")
        } catch {
            let origin = SettingsOrigin.file(path: error.file, line: error.line, column: nil)
            throw SettingsError(problems: [SettingsProblem(origin: origin, message: error.message)])
        }
    }
}
