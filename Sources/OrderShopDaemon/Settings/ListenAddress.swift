import Glibc

/// Where the gateway listens: `127.0.0.1:5000`, `[::1]:5000` or `localhost:5000`.
public struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    /// An IPv4 or IPv6 address, without brackets, or a host name.
    public var host: String
    /// 0: any that is free.
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

extension ListenAddress {
    init(parsing text: String) throws(SettingsOption.Unacceptable) {
        guard let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") else {
            throw .init(reason: "has no port")
        }
        self.host = try Self.host(text[..<colon])
        self.port = try Self.port(text[text.index(after: colon)...])
    }

    /// The brackets come off; a bare IPv6 address is refused, as its last colon could be the port's or its own.
    static func host(_ text: Substring) throws(SettingsOption.Unacceptable) -> String {
        guard !text.isEmpty else { throw .init(reason: "has no address before the port") }
        if text.hasPrefix("[") && text.hasSuffix("]") {
            let address = String(text.dropFirst().dropLast())
            guard isAddress(address, of: AF_INET6) else {
                throw .init(reason: "has no IPv6 address in its brackets")
            }
            return address
        }
        guard !text.contains(":") else { throw .init(reason: "has an IPv6 address without brackets") }
        let looksNumeric = text.allSatisfy { $0 == "." || ("0"..."9").contains($0) }
        guard looksNumeric ? isAddress(String(text), of: AF_INET) : isName(text) else {
            throw .init(reason: "has no good address")
        }
        return String(text)
    }

    static func port(_ text: Substring) throws(SettingsOption.Unacceptable) -> Int {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(text) else {
            throw .init(reason: "has no port from 0 to 65535")
        }
        return Int(port)
    }

    private static func isAddress(_ text: String, of family: Int32) -> Bool {
        var storage = in6_addr()  // the larger of the two
        return inet_pton(family, text, &storage) == 1
    }

    private static func isName(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { byte in
            let character = Character(UnicodeScalar(byte))
            return character.isASCII && (character.isLetter || character.isNumber || "-._".contains(character))
        }
    }
}
