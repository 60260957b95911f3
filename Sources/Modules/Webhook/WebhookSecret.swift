import Crypto
import FoundationEssentials
import JSON

/// What a webhook's messages are signed with: one key, and for a day after a change the one before it, too.
struct WebhookSecret: Sendable, Equatable {
    let current: String
    /// Signs as well until then, in unix seconds.
    var previous: (text: String, until: Int64)?

    init(_ current: String) { self.current = current }

    /// For so long, in seconds, the secret before signs beside the new one.
    static let overlap: Int64 = 86_400

    func rotated(to new: String, at now: Int64) -> WebhookSecret {
        var secret = WebhookSecret(new)
        secret.previous = (current, now + Self.overlap)
        return secret
    }

    static func random() -> String {
        prefix + SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }.base64EncodedString()
    }

    private static let prefix = "whsec_"

    /// Whether a secret that somebody chose is one: `whsec_` and the base64 of 24 to 64 bytes.
    static func isValid(_ text: String) -> Bool { key(text).map { (24...64).contains($0.count) } ?? false }

    private static func key(_ text: String) -> Data? {
        text.hasPrefix(prefix) ? Data(base64Encoded: String(text.dropFirst(prefix.count))) : nil
    }

    static func == (left: Self, right: Self) -> Bool { left.stored == right.stored }

    // MARK: Signing

    /// Standard Webhooks: `v1,` and the base64 of an HMAC-SHA256, for each of the secrets.
    func signatures(of body: [UInt8], id: String, at now: Int64) -> String {
        let secrets = [current] + (previous.flatMap { now < $0.until ? [$0.text] : nil } ?? [])
        let signed = Array("\(id).\(now).".utf8) + body
        return secrets.compactMap(Self.key).map { key in
            let code = HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: key))
            return "v1," + Data(code).base64EncodedString()
        }.joined(separator: " ")
    }

    // MARK: Keeping

    var stored: String {
        var object = JSONObject([("current", .string(current))])
        if let previous {
            object["previous"] = .string(previous.text)
            object["until"] = .number(JSONNumber(previous.until))
        }
        return JSONValue.object(object).text
    }

    init?(stored text: String?) {
        guard let object = (try? JSONValue(parsing: Array((text ?? "").utf8)))?.object,
            let current = object["current"]?.string
        else { return nil }
        self.current = current
        guard let text = object["previous"]?.string, let until = object["until"]?.number?.int64 else { return }
        previous = (text, until)
    }
}
