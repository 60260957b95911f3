import Crypto
import FoundationEssentials
import JSON
import NIOCore

/// Encrypts and decrypts a person's members with the person's key: AES-256-GCM.
///
/// The nonce follows from the text, so that one text under one key always gives one ciphertext: what is kept by value
/// (caches, indexes) can be found again and taken out. It tells no more than that two members of one person are equal.
struct PersonalSeal {
    static let mark = "enc:v1:"
    private let key: SymmetricKey

    init(_ key: SymmetricKey) { self.key = key }

    /// - Parameter place: what the text belongs to; it cannot be moved elsewhere.
    func seal(_ text: String, in place: String) throws -> String {
        let nonceKey = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array("nonce".utf8), using: key))
        let code = HMAC<SHA256>.authenticationCode(for: Array("\(place)\0\(text)".utf8), using: nonceKey)
        let box = try AES.GCM.seal(
            Array(text.utf8), using: key, nonce: AES.GCM.Nonce(data: Array(code).prefix(12)),
            authenticating: Array(place.utf8))
        return Self.mark + Data(Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)).base64EncodedString()
    }

    /// nil where it was sealed with another key, or is nothing that was sealed.
    func open(_ text: String, in place: String) -> String? {
        guard let data = Data(base64Encoded: String(text.dropFirst(Self.mark.count))),
            let box = try? AES.GCM.SealedBox(combined: data),
            let opened = try? AES.GCM.open(box, using: key, authenticating: Array(place.utf8))
        else { return nil }
        return String(decoding: opened, as: UTF8.self)
    }

    static func isSealed(_ text: String) -> Bool { text.hasPrefix(mark) }
}

extension ByteBuffer {
    /// Whether a sealed text may stand in it.
    var mayBeSealed: Bool {
        let mark = Array("\"\(PersonalSeal.mark)".utf8)
        return withUnsafeReadableBytes { bytes in
            var start = 0
            while let quote = bytes[start...].firstIndex(of: mark[0]) {
                if bytes[quote...].starts(with: mark) { return true }
                start = quote + 1
            }
            return false
        }
    }
}
