import MailService

extension SettingsOption {
    static func mailRate(_ text: String) throws(Unacceptable) -> MailRate? {
        if text.isEmpty { return nil }
        guard let rate = MailRate(text) else { throw Unacceptable(reason: "is no rate") }
        return rate
    }

    static func mailServer(_ text: String) throws(Unacceptable) -> String {
        if text.isEmpty { return text }
        guard let mark = text.firstRange(of: "://") else { throw Unacceptable(reason: "is no URL") }
        guard ["smtp", "smtps"].contains(text[..<mark.lowerBound]) else {
            throw Unacceptable(reason: "has a scheme that is not known")
        }
        let host = text[mark.upperBound...]
        guard !host.contains("@") else {
            throw Unacceptable(reason: "has a user in it, which belongs into mail.smtp.user")
        }
        let address = try ListenAddress(parsing: String(host))
        guard address.port > 0 else { throw Unacceptable(reason: "has port 0") }
        return text
    }
}
