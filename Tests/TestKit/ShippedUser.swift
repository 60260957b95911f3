import Foundation

/// The ACL user of `etc/redis/ordershop.acl`, which may do what a daemon does and no more.
///
/// Where the variable REDIS_AS_SHIPPED_USER is set, every daemon of the tests that works on a Redis by a Unix socket
/// comes as this user: so the whole of the system tests shows that nothing it needs is refused.
public struct ShippedUser: Sendable {
    public let name: String
    /// As `ACL SETUSER` takes them.
    public let rules: [String]

    public static let isForced = ProcessInfo.processInfo.environment["REDIS_AS_SHIPPED_USER"] != nil

    /// - Parameter shop: whose keys it may use; nil is the default shop.
    public init(shop: String? = nil) throws {
        let file = #filePath.components(separatedBy: "/Tests/")[0] + "/etc/redis/ordershop.acl"
        let words = try String(contentsOfFile: file, encoding: .utf8).split(whereSeparator: \.isWhitespace)
        name = shop.map { "ordershop-\($0)" } ?? "ordershop"
        let prefix = shop.map { "~{\($0)}:" } ?? "~"
        // Without the name, and without `off`.
        rules = ["on"] + words.dropFirst(3).map { String($0).replacing("~", with: prefix) }
    }

    /// Makes the user known to a Redis, to be let in without a password.
    /// - Parameter url: `unix://…`
    public func join(_ url: String) throws {
        let line = (["ACL", "SETUSER", name, "reset", "nopass"] + rules).joined(separator: " ")
        let reply = try UnixSocket.exchange("\(line)\r\n", at: String(url.dropFirst("unix://".count)))
        guard reply.hasPrefix("+OK") else { throw TestKitError("Redis does not take the user: \(reply)") }
    }
}
