import NIOCore
import Redis

/// A large key of Redis, or all keys, a page at a time. What is in it all the while comes up at least once.
struct ScannedKey: Sendable {
    enum Kind: Sendable {
        case set, hash, sortedSet
        /// All keys of the database that begin so.
        case keys(beginning: String)
    }

    private let kind: Kind
    private let key: String
    private var cursor: String? = "0"

    private static let count = "1000"

    init(_ kind: Kind, _ key: String) {
        self.kind = kind
        self.key = key
    }

    /// The next page, which may be empty; nil behind the last one. A key of another type has no pages.
    mutating func next(in store: Store) async throws(StoreError) -> [ByteBuffer]? {
        guard let words else { return nil }
        try Store.checkCancellation()
        do throws(StoreError) {
            return try take(try await store.send(RedisCommand(words[0], arguments: words.dropFirst())))
        } catch {
            guard error.code == .foreignKey else { throw error }
            cursor = nil
            return nil
        }
    }

    /// Calls `judge` for each page, while the next one comes in already.
    func forEachPage(
        in store: Store, _ judge: ([ByteBuffer]) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        typealias Read = Result<(page: [ByteBuffer]?, rest: ScannedKey), StoreError>
        let outcome = await withTaskGroup(of: Read.self, returning: Result<Void, StoreError>.self) { group in
            group.addTask { [self] in await read(from: store) }
            return await result { () async throws(StoreError) in
                while let (page, rest) = try await group.next()?.get(), let page {
                    group.addTask { await rest.read(from: store) }
                    try await judge(page)
                }
            }
        }
        try outcome.get()
    }

    private func read(from store: Store) async -> Result<(page: [ByteBuffer]?, rest: ScannedKey), StoreError> {
        await result { () async throws(StoreError) in
            var rest = self
            return (try await rest.next(in: store), rest)
        }
    }

    var isAtEnd: Bool { cursor == nil }

    /// The command that reads the next page; nil behind the last one.
    var words: [String]? {
        guard let cursor else { return nil }
        switch kind {
        case .set: return ["SSCAN", key, cursor, "COUNT", Self.count]
        case .hash: return ["HSCAN", key, cursor, "COUNT", Self.count]
        case .sortedSet: return ["ZSCAN", key, cursor, "COUNT", Self.count]
        case .keys(let beginning):
            return ["SCAN", cursor, "MATCH", Self.pattern(beginning), "COUNT", Self.count]
        }
    }

    /// Reads what the command answered, and goes on.
    mutating func take(_ reply: RedisValue) throws(StoreError) -> [ByteBuffer] {
        guard let page = reply.array, page.count == 2, let next = page[0].string, let found = page[1].array else {
            throw StoreError(.unexpectedReply, "Redis answered a SCAN in a way that is not understood: \(reply)")
        }
        cursor = next == "0" ? nil : next
        return found.compactMap(\.buffer)
    }

    private static func pattern(_ beginning: String) -> String {
        beginning.reduce(into: "") { text, character in
            if "*?[]\\^".contains(character) { text.append("\\") }
            text.append(character)
        } + "*"
    }
}
