import Synchronization

/// Who is logged in. It is kept in memory: a restart logs everybody out, and each daemon has its own.
final class Sessions: Sendable {
    struct Times: Sendable {
        /// How long a session may lie idle.
        var idle = Duration.seconds(1_800)
        /// How long it may last in all.
        var whole = Duration.seconds(43_200)
    }

    private struct Session {
        let token: AccessToken
        let begun: ContinuousClock.Instant
        var used: ContinuousClock.Instant
    }

    /// More than anybody needs; the one that lay idle for longest goes.
    private static let most = 1_000

    private let times: Times
    /// By the digest of the cookie's value.
    private let sessions = Mutex<[[UInt8]: Session]>([:])

    init(times: Times = Times()) { self.times = times }

    /// - Returns: the cookie's value.
    func begin(_ token: AccessToken) -> String {
        var generator = SystemRandomNumberGenerator()
        let key = (0..<4).map { _ in Self.hexadecimal(generator.next()) }.joined()
        sessions.withLock { sessions in
            sessions = sessions.filter { !hasEnded($0.value) }
            if sessions.count >= Self.most, let oldest = sessions.min(by: { $0.value.used < $1.value.used }) {
                sessions[oldest.key] = nil
            }
            sessions[AccessToken.digest(of: key)] = Session(token: token, begun: .now, used: .now)
        }
        return key
    }

    /// The token that somebody has logged in with, if he still may: it must still be among these.
    func token(of key: String, among tokens: [AccessToken]) -> AccessToken? {
        let digest = AccessToken.digest(of: key)
        return sessions.withLock { sessions in
            guard let session = sessions[digest], !hasEnded(session), tokens.contains(session.token) else {
                sessions[digest] = nil
                return nil
            }
            sessions[digest]?.used = .now
            return session.token
        }
    }

    /// How long it lasts if nothing is done.
    func rest(of key: String) -> Duration? {
        let now = ContinuousClock.now
        return sessions.withLock { sessions in
            sessions[AccessToken.digest(of: key)].map { min($0.used + times.idle, $0.begun + times.whole) - now }
        }
    }

    func end(_ key: String) { sessions.withLock { $0[AccessToken.digest(of: key)] = nil } }

    private func hasEnded(_ session: Session) -> Bool {
        let now = ContinuousClock.now
        return now > session.used + times.idle || now > session.begun + times.whole
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
