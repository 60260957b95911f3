import HTTPTypes
public import HandlerRuntime
import HummingbirdCore
public import Logging
import NIOCore

/// Finds out who sends a request, and logs people in and out.
public final class Doorkeeper: Sendable {
    static let cookie = "ordershop_session"

    let rules: Live<AccessRules>
    let sessions: Sessions
    private let attempts: Attempts
    private let logger: Logger

    public convenience init(rules: Live<AccessRules>, logger: Logger) {
        self.init(rules: rules, sessions: Sessions(), attempts: Attempts(), logger: logger)
    }

    init(rules: Live<AccessRules>, sessions: Sessions, attempts: Attempts, logger: Logger) {
        (self.rules, self.sessions, self.attempts, self.logger) = (rules, sessions, attempts, logger)
    }

    /// A token goes before a session, both before a client's certificate, and each before what this machine may do.
    /// - Parameter client: whom the certificate names.
    func caller(
        of request: Request, on channel: any Channel, client: GatewayCaller?
    ) throws(AccessDenied) -> GatewayCaller {
        let isLocal = channel.isLocal
        if let given = request.headers[.authorization] {
            let token = try self.token(showing: given, from: channel)
            return GatewayCaller(role: token.role, name: token.name, isLocal: isLocal)
        }
        let rules = rules.value
        if let key = request.cookie(Self.cookie), let token = sessions.token(of: key, among: rules.tokens) {
            return GatewayCaller(role: token.role, name: token.name, isLocal: isLocal, session: key)
        }
        return client ?? GatewayCaller(role: isLocal ? rules.anonymous : nil, isLocal: isLocal)
    }

    private func token(showing field: String, from channel: any Channel) throws(AccessDenied) -> AccessToken {
        let words = field.split(separator: " ")
        guard words.count == 2, words[0].lowercased() == "bearer" else {
            throw .login("the Authorization header is not understood: send Bearer and a token")
        }
        return try token(String(words[1]), from: channel)
    }

    // MARK: Logging in and out

    /// A right token is always taken: nobody can lock its owner out by trying wrong ones, of which only so many are
    /// compared.
    private func token(_ secret: String, from channel: any Channel) throws(AccessDenied) -> AccessToken {
        let address = channel.remoteAddress?.ipAddress ?? "local"
        guard let token = rules.value.tokens.first(matching: secret) else {
            try attempts.noteWrong(address)
            logger.warning("a wrong token was shown", metadata: ["peer_address": "\(address)"])
            throw .login("the token is not one of those in the token file")
        }
        return token
    }

    func logIn(_ secret: String, from channel: any Channel) throws(AccessDenied) -> GatewayCaller {
        let token = try token(secret, from: channel)
        logger.notice("logged in", metadata: ["name": "\(token.name)", "role": "\(token.role.name)"])
        return GatewayCaller(
            role: token.role, name: token.name, isLocal: channel.isLocal, session: sessions.begin(token))
    }

    func logOut(_ caller: GatewayCaller) -> GatewayCaller {
        if let session = caller.session { sessions.end(session) }
        return GatewayCaller(role: caller.isLocal ? rules.value.anonymous : nil, isLocal: caller.isLocal)
    }
}

extension Channel {
    /// Whether it came in over the loopback interface, or a Unix socket.
    var isLocal: Bool {
        switch localAddress {
        case .v4: localAddress?.ipAddress?.hasPrefix("127.") == true
        case .v6: ["::1", "::ffff:127.0.0.1"].contains(localAddress?.ipAddress ?? "")
        case .unixDomainSocket: true
        case nil: false
        }
    }
}

extension Request {
    func cookie(_ name: String) -> String? {
        guard let field = headers[.cookie] else { return nil }
        for pair in field.split(separator: ";") {
            let pair = pair.drop { $0 == " " }
            if pair.hasPrefix(name + "=") { return String(pair.dropFirst(name.count + 1)) }
        }
        return nil
    }
}
