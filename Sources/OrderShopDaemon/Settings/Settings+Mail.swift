import Curl
public import MailService

extension Settings {
    /// How the shop's mails go out.
    public struct Mail: Sendable, Equatable {
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
