import Crypto
public import HandlerRuntime

/// What somebody shows to be let in, as it stands in the token file: a role, a name and the token, or its SHA-256.
public struct AccessToken: Sendable, Hashable {
    public let role: Role
    /// Whose it is: it stands in the log and in what its owner changes.
    public let name: String
    /// Of the token, so that the token itself is kept nowhere.
    let digest: [UInt8]

    /// What is wrong with a line of the file.
    public struct Problem: Error {
        public let message: String
    }

    /// Shorter ones can be guessed.
    static let leastLength = 20

    /// - Parameter line: `operator ada TOKEN` or `operator ada sha256:HEX`.
    public init(line: Substring) throws(Problem) {
        let words = line.split(whereSeparator: \.isWhitespace)
        guard words.count == 3 else {
            throw Problem(message: "has \(words.count) words; expected ROLE NAME TOKEN, or ROLE NAME sha256:HEX")
        }
        guard let role = Role.allCases.first(where: { $0.name == words[0] }) else {
            throw Problem(message: "begins with no role; expected viewer, operator or admin")
        }
        (self.role, name) = (role, String(words[1].prefix(64)))
        digest = try Self.digest(of: words[2])
    }

    private static func digest(of word: Substring) throws(Problem) -> [UInt8] {
        guard word.hasPrefix("sha256:") else {
            guard word.utf8.count >= leastLength else {
                throw Problem(
                    message: "has a token that can be guessed; expected one of at least \(leastLength) bytes")
            }
            return digest(of: String(word))
        }
        let digits = Array(word.dropFirst("sha256:".count))
        let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(digits[$0...$0 + 1]), radix: 16)
        }
        guard digits.count == 64, bytes.count == 32 else {
            throw Problem(message: "has no good digest behind sha256:; expected 64 hexadecimal digits")
        }
        return bytes
    }

    static func digest(of secret: String) -> [UInt8] { Array(SHA256.hash(data: Array(secret.utf8))) }

    /// All lines but the empty ones and those that begin with `#`.
    public static func parse(_ text: String) throws(Problem) -> [AccessToken] {
        var tokens: [AccessToken] = []
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = line.drop { $0.isWhitespace }
            if line.isEmpty || line.hasPrefix("#") { continue }
            do { tokens.append(try AccessToken(line: line)) } catch {
                throw Problem(message: "line \(number + 1) \(error.message)")
            }
        }
        return tokens
    }
}

extension [AccessToken] {
    /// Compares digests, so that the time that it takes tells nothing of the tokens.
    func first(matching secret: String) -> AccessToken? {
        let digest = AccessToken.digest(of: secret)
        return first { $0.digest == digest }
    }
}
