import CSystemd
import Glibc

/// systemd's journal, as `sd_journal_sendv(3)` describes.
public enum Journal {
    public struct Field: Sendable, Equatable {
        public let name: String
        public let value: String

        /// - Parameter name: what the journal does not take in a name becomes an underscore; upper case.
        public init(_ name: String, _ value: String) {
            let safe = name.uppercased().unicodeScalars.map { scalar in
                ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar) ? Character(scalar) : "_"
            }
            // Names that begin with an underscore are the journal's own, and 64 characters are all that it takes.
            let text = String(safe.drop { $0 == "_" || $0.isNumber }.prefix(64))
            self.name = text.isEmpty ? "FIELD" : text
            self.value = value
        }
    }

    /// Whether what is written to stderr goes to the journal. `JOURNAL_STREAM` says which stream does: it is inherited
    /// by programs whose stderr has been put elsewhere.
    public static var isStandardError: Bool {
        guard let named = getenv("JOURNAL_STREAM") else { return false }
        var info = stat()
        guard fstat(STDERR_FILENO, &info) == 0 else { return false }
        return String(cString: named) == "\(info.st_dev):\(info.st_ino)"
    }

    /// Sends one entry. The length of each value goes with it, so that nothing in it can pass for another field.
    /// - Returns: false where the journal does not take it.
    public static func send(_ fields: [Field]) -> Bool {
        var bytes = fields.map { Array("\($0.name)=\($0.value)".utf8) }
        return withVectors(&bytes[...], []) { sd_journal_sendv($0.baseAddress, Int32($0.count)) == 0 }
    }

    private static func withVectors(
        _ rest: inout ArraySlice<[UInt8]>, _ vectors: [iovec], _ body: (UnsafeBufferPointer<iovec>) -> Bool
    ) -> Bool {
        guard var first = rest.popFirst() else { return vectors.withUnsafeBufferPointer(body) }
        return first.withUnsafeMutableBytes { buffer in
            withVectors(&rest, vectors + [iovec(iov_base: buffer.baseAddress, iov_len: buffer.count)], body)
        }
    }
}
