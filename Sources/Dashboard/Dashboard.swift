import Crypto

/// The pages for people that the gateway serves, as they were when this was built: nothing is read from disk, and no
/// page asks for anything of another server.
public enum Dashboard {
    /// One file of it.
    public struct Asset: Sendable {
        /// Where it is served.
        public let path: String
        public let contentType: String
        public let bytes: [UInt8]
        /// Names these bytes and no others, for a strong ETag.
        public let tag: String

        init(_ path: String, _ type: AssetType, _ bytes: [UInt8]) {
            self.path = path
            contentType = type.rawValue
            self.bytes = bytes
            tag = SHA256.hash(data: bytes).prefix(12).map { Self.hexadecimal($0) }.joined()
        }

        private static func hexadecimal(_ byte: UInt8) -> String {
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
    }

    enum AssetType: String {
        case html = "text/html; charset=utf-8"
        case css = "text/css; charset=utf-8"
        case script = "text/javascript; charset=utf-8"
        case icon = "image/svg+xml"
    }
}
