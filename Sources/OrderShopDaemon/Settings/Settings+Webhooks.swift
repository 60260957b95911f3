import Curl
import WebhookService

extension Settings {
    /// How webhooks are called.
    public struct Webhooks: Sendable, Equatable {
        var allowsPrivate = false
        var allowsPlain = false
        var authorities: String?
        /// In seconds.
        var timeout = 0
        /// Before a message that was not taken is tried again, in seconds.
        var retry = 0
        var giveUpAfter: Duration?
        var logSize = 0

        var options: WebhookOptions {
            let rules = HTTPRules(
                allowsPrivate: allowsPrivate, allowsPlain: allowsPlain, authorities: authorities,
                timeout: .seconds(timeout))
            return WebhookOptions(
                rules: rules, firstPause: .seconds(retry), giveUpAfter: giveUpAfter, logSize: logSize)
        }
    }
}
