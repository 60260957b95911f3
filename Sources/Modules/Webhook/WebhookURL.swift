import Curl
import HandlerRuntime

/// Where a webhook may be, as far as it can be said before anything is sent there.
enum WebhookURL {
    /// What is wrong with an address that a client gave; nil: nothing.
    static func problem(_ url: String, _ rules: HTTPRules) -> String? {
        guard let (scheme, host) = parts(of: url) else {
            return "must be https://HOST/PATH, in ASCII, without a user and without spaces"
        }
        if scheme == "http", !rules.allowsPlain, !(rules.allowsPrivate && isHere(host)) {
            return "must be https://HOST/PATH: http:// is allowed by webhooks.allow_http only"
        }
        if !rules.allowsPrivate, isHere(host) || SocketAddress(host).map({ !$0.isPublic }) ?? false {
            return "must not be at a private address, unless webhooks.allow_private says so"
        }
        return nil
    }

    private static func parts(of url: String) -> (scheme: String, host: String)? {
        guard url.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }),
            let scheme = ["https", "http"].first(where: { url.hasPrefix($0 + "://") })
        else { return nil }
        let authority = url.dropFirst(scheme.count + 3).prefix { !"/?#".contains($0) }
        guard !authority.contains("@") else { return nil }
        let host =
            authority.hasPrefix("[")
            ? authority.dropFirst().prefix { $0 != "]" } : authority.prefix { $0 != ":" }
        return host.isEmpty ? nil : (scheme, String(host))
    }

    private static func isHere(_ host: String) -> Bool {
        host.lowercased() == "localhost" || SocketAddress(host)?.isLoopback ?? false
    }
}
