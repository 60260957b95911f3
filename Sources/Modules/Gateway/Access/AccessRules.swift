public import HandlerRuntime

/// Who may come in, as the settings say.
public struct AccessRules: Sendable, Equatable {
    /// What somebody on this machine may do without a token, beside the shop's REST API; nil: nothing.
    public var anonymous: Role?
    /// Names under which the gateway may be asked for, beside addresses and localhost.
    public var hosts: Set<String>
    /// Pages of others that may call: `https://shop.example.com`.
    public var origins: Set<String>
    public var tokens: [AccessToken]

    public init(
        anonymous: Role? = .viewer, hosts: Set<String> = [], origins: Set<String> = [], tokens: [AccessToken] = []
    ) {
        (self.anonymous, self.hosts, self.origins, self.tokens) = (anonymous, hosts, origins, tokens)
    }
}

/// Whoever sends a request, as far as the gateway knows.
public struct GatewayCaller: Sendable {
    /// nil: may log in, and no more.
    public let role: Role?
    /// Of the token; nil: nobody has shown one.
    public let name: String?
    /// Whether he is on this machine, where the shop's REST API is open to all.
    let isLocal: Bool
    /// The cookie's value, where he is logged in.
    let session: String?

    init(role: Role?, name: String? = nil, isLocal: Bool, session: String? = nil) {
        (self.role, self.name, self.isLocal, self.session) = (role, name, isLocal, session)
    }

    /// Before it is known who it is.
    static let nobody = GatewayCaller(role: nil, isLocal: false)

    /// For what is not the shop's REST API.
    func admit(as needed: Role = .viewer) throws(AccessDenied) {
        guard let role else { throw .login("this takes a login or a token: send Authorization: Bearer TOKEN") }
        guard role >= needed else {
            throw .forbidden("this takes the role \(needed.name), and you have the role \(role.name)")
        }
    }

    /// For a command of the shop.
    func admitToShop(as needed: Role) throws(AccessDenied) {
        if !isLocal { try admit(as: needed) }
    }
}

/// Why a request goes no further.
struct AccessDenied: Error {
    enum Kind { case login, forbidden, misdirected, mediaType, tooMany(seconds: Int) }

    let kind: Kind
    let detail: String

    static func login(_ detail: String) -> AccessDenied { AccessDenied(kind: .login, detail: detail) }
    static func forbidden(_ detail: String) -> AccessDenied { AccessDenied(kind: .forbidden, detail: detail) }
}
