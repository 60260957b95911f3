import Crypto
import Synchronization

/// The keys that were used last, for some seconds: another daemon may destroy a key meanwhile.
final class PersonalKeys: Sendable {
    private struct Entry {
        let key: SymmetricKey
        let until: ContinuousClock.Instant
    }

    private static let capacity = 4_096
    static let life = Duration.seconds(10)
    private let entries = Mutex<[String: Entry]>([:])
    private let destroyed = Mutex(0)

    subscript(subject: String) -> SymmetricKey? {
        entries.withLock { entries in
            guard let entry = entries[subject], entry.until > .now else { return nil }
            return entry.key
        }
    }

    func note(_ key: SymmetricKey, of subject: String) {
        entries.withLock { entries in
            if entries.count >= Self.capacity { entries.removeAll() }
            entries[subject] = Entry(key: key, until: .now + Self.life)
        }
    }

    /// How many keys were forgotten as they were destroyed.
    var destructions: Int { destroyed.withLock(\.self) }

    func forget(_ subject: String) {
        entries.withLock { $0[subject] = nil }
        destroyed.withLock { $0 += 1 }
    }
}
