@testable import EventStore
import Redis
import Testing

extension RedisClient {
    /// Everything that follows from the events, in words: key → its type and content. What has no order is sorted.
    func kept() async throws -> [String: [String]] {
        var kept: [String: [String]] = [:]
        for key in try await strings("KEYS", "*") where !Self.isNoProjection(key) {
            let type = try await send("TYPE", key).string ?? ""
            let content =
                switch type {
                case "hash": try await fields(of: key)
                case "list": try await strings("LRANGE", key, "0", "-1")
                case "set": try await strings("SMEMBERS", key).sorted()
                case "zset": try await strings("ZRANGE", key, "0", "-1", "WITHSCORES")
                default: [String]()
                }
            kept[key] = [type] + content
        }
        return kept
    }

    private static func isNoProjection(_ key: String) -> Bool {
        key.contains("events:{") || key.contains("checkpoint:") || key.hasSuffix("ordershop:clock")
            || key.hasSuffix("ordershop:read-models")
            || key.contains("ordershop:snapshot:") || key.contains("ordershop:retention")
    }

    /// The cache's hashes in their order, where Redis keeps one; those of ours have none.
    private func fields(of key: String) async throws -> [String] {
        let words = try await strings("HGETALL", key)
        let isOrdered = try await send("OBJECT", "ENCODING", key).string == "listpack"
        if isOrdered, !key.contains("ordershop:") { return words }
        return stride(from: 0, to: words.count, by: 2).map { "\(words[$0]) = \(words[$0 + 1])" }.sorted()
    }
}

extension Store {
    /// What is not as the events say.
    func differences(
        _ topics: [TopicDefinition]? = nil, isMending: Bool = false
    ) async throws(StoreError) -> Set<Difference> {
        Set(try await verify(topics ?? self.topics, isMending: isMending).examples)
    }

    /// Entities `e0`, `e1` … with lists and unique codes: every third was changed, every fifth deleted.
    func fill(with count: Int) async throws {
        for number in 0..<count {
            let (id, first) = ("e\(number)", Self.members(number, isChanged: false))
            try await append(.thing(.created, id, first))
            let last = number % 3 == 0 ? Self.members(number, isChanged: true) : first
            if number % 3 == 0 { try await append(.thing(.updated, id, last, before: first)) }
            if number % 5 == 0 { try await append(.thing(.deleted, id, last, before: last)) }
        }
    }

    static func members(_ number: Int, isChanged: Bool) -> String {
        isChanged
            ? #""n":1,"code":"c\#(number)","tags":["changed"]"#
            : #""n":\#(number),"code":"c\#(number)","tags":["t\#(number % 7)","all"],"size":{"w":1,"h":2}"#
    }
}
