import JSON
import Redis

/// The whole entity cache as it stands in Redis: key → type and content. Redis forgets the order of a hash's fields
/// where one of them is long, so they are sorted here.
struct CacheDump: Sendable, Equatable {
    let content: [String: [String]]

    init(of shop: Shop) async throws {
        let keys = try await Self.keys(of: shop)
        let types = try await shop.redis.pipeline(keys.map { RedisCommand("TYPE", $0) }).compactMap(\.string)
        let replies = try await shop.redis.pipeline(
            zip(keys, types).map { key, type in
                switch type {
                case "set": RedisCommand("SMEMBERS", key)
                case "list": RedisCommand("LRANGE", key, "0", "-1")
                default: RedisCommand("HGETALL", key)
                }
            })
        var content: [String: [String]] = [:]
        for ((key, type), reply) in zip(zip(keys, types), replies) {
            let elements = (reply.array ?? []).compactMap(\.string)
            content[key] = [type] + Self.inOrder(elements, type)
        }
        self.content = content
    }

    private static func inOrder(_ elements: [String], _ type: String) -> [String] {
        switch type {
        case "set": elements.sorted()
        case "hash":
            stride(from: 0, to: elements.count, by: 2).map { elements[$0] + "=" + elements[$0 + 1] }.sorted()
        default: elements
        }
    }

    /// What is in the one and not, or not so, in the other.
    func difference(_ other: CacheDump) -> [String] {
        Set(content.keys).union(other.content.keys).filter { content[$0] != other.content[$0] }.sorted()
            .prefix(5).map { "\($0): \(content[$0] ?? []) | \(other.content[$0] ?? [])" }
    }

    /// Every key of the shop that is no stream, no checkpoint and not the daemon's own.
    static func keys(of shop: Shop) async throws -> [String] {
        try await shop.redis.keys("\(shop.prefix)*").filter { key in
            !["events:", "checkpoint:", "ordershop:"].contains { key.hasPrefix(shop.prefix + $0) }
        }
    }
}

extension Shop {
    static let allModules = owners + ["webhook", "gateway"]
    /// What a new shop has off.
    static let offAtFirst: Set = ["webhook"]
    static let owners = [
        "customer", "product", "inventory", "cart", "order", "billing", "shipping", "crm", "mail",
    ]

    /// Drops the cache and has every module build its part anew.
    func rebuildCache() async throws {
        let keys = try await CacheDump.keys(of: self)
        _ = try await redis.pipeline(keys.map { RedisCommand("DEL", $0) })
        for module in Self.owners { _ = try await call("module.rebuild", ["name": .string(module)]) }
    }
}
