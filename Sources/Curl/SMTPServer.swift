/// A mail server, and how to talk to it.
public struct SMTPServer: Sendable, Equatable {
    /// When the connection must be encrypted. With `smtps://` it is from its beginning, whatever this says. The
    /// server's certificate is always verified.
    public enum Encryption: String, Sendable, CaseIterable {
        /// STARTTLS must succeed, unless the server is on this machine.
        case automatic = "auto"
        /// STARTTLS must succeed.
        case required
        case off
    }

    /// `smtp://HOST:PORT` or `smtps://HOST:PORT`.
    public var url: String
    public var user: String?
    public var password: String?
    public var encryption = Encryption.automatic
    /// PEM file of the authorities to trust; nil: those of the system.
    public var authorities: String?
    /// For all that is done about one mail.
    public var timeout: Duration
    /// How many connections are open at once.
    public var connections = 4

    public init(url: String, timeout: Duration = .seconds(30)) {
        self.url = url
        self.timeout = timeout
    }

    var mustEncrypt: Bool {
        switch encryption {
        case .required: true
        case .off: false
        case .automatic: !isHere
        }
    }

    /// Whether it is named as one that is on this machine.
    private var isHere: Bool {
        guard let start = url.firstRange(of: "://")?.upperBound else { return false }
        let host = url[start...].prefix { $0 != "/" }
        return host.hasPrefix("[::1]") || host.split(separator: ":").first.map { Self.here.contains($0) } ?? false
    }

    private static let here: Set<Substring> = ["localhost", "127.0.0.1"]
}

/// Why a mail was not taken.
public struct SMTPError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Code: Sendable {
        /// The server is not there, does not encrypt, or does not know us: no mail can be sent just now.
        case serverUnavailable
        /// The server does not take this mail now (4xx), or broke off in the midst of it.
        case notNow
        /// The server will never take this mail (5xx).
        case never
        /// The task was cancelled, or the client was closed.
        case cancelled
    }

    public let code: Code
    /// The server's words, where it had any.
    public let description: String

    public init(code: Code, description: String) {
        self.code = code
        self.description = description
    }
}
