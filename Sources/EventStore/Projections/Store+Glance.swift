import Glibc
import NIOCore
import Redis

extension Store {
    /// Those of the entities that are not kept as they must be, or are just changing: a first look by plain reads,
    /// which cost Redis a fraction of what a step costs.
    func glance(
        at expectations: [EntityExpectation], of topic: Topic
    ) async throws(StoreError) -> [EntityExpectation] {
        if expectations.isEmpty { return [] }
        var commands = [
            RedisCommand("HMGET", arguments: [keys.revisions(topic)] + expectations.map(\.id)),
            RedisCommand("SMISMEMBER", arguments: [keys.entityIDs(topic)] + expectations.map(\.id)),
        ]
        for expectation in expectations {
            commands.append(RedisCommand("HGETALL", keys.entity(topic, expectation.id)))
            commands += expectation.image?.properties.map(\.reading) ?? []
        }
        let replies: [RedisValue]
        do { replies = try await redis.pipeline(commands) } catch { throw StoreError(error) }
        return Self.suspects(expectations, replies)
    }

    private static func suspects(
        _ expectations: [EntityExpectation], _ replies: [RedisValue]
    ) -> [EntityExpectation] {
        guard let revisions = replies[0].array, let members = replies[1].array else { return expectations }
        var hashes = replies.dropFirst(2)
        var suspects: [EntityExpectation] = []
        for (expectation, (revision, member)) in zip(expectations, zip(revisions, members)) {
            let found = hashes.prefix(1 + (expectation.image?.properties.count ?? 0))
            hashes = hashes.dropFirst(found.count)
            let isRight = expectation.isRevision(revision) && expectation.isMember(member.int == 1)
            if !isRight || !expectation.isImage(found) { suspects.append(expectation) }
        }
        return suspects
    }
}

extension EntityExpectation {
    fileprivate func isRevision(_ found: RedisValue) -> Bool {
        guard revision != nil else { return found.isNull }
        guard let buffer = found.buffer else { return false }
        return buffer.holds(birth.isEmpty ? revisionText : "\(revisionText) \(birth)")
    }

    fileprivate func isMember(_ isMember: Bool) -> Bool { isMember == (image != nil) }

    fileprivate func isImage(_ found: ArraySlice<RedisValue>) -> Bool {
        guard let image else { return found.first?.array?.isEmpty == true }
        return zip([image.fields] + image.properties.map(\.elements), found).allSatisfy { $1.holds($0) }
    }
}

extension EntityCache.Image.Property {
    fileprivate var reading: RedisCommand {
        switch kind {
        case .list: RedisCommand("LRANGE", key, "0", "-1")
        case .hash: RedisCommand("HGETALL", key)
        }
    }
}

extension RedisValue {
    /// Whether these are the elements.
    fileprivate func holds(_ texts: [String]) -> Bool {
        guard let elements = array, elements.count == texts.count else { return false }
        return zip(elements, texts).allSatisfy { $0.buffer?.holds($1) == true }
    }
}

extension ByteBuffer {
    fileprivate func holds(_ text: String) -> Bool {
        var text = text
        return withUnsafeReadableBytes { bytes in
            text.withUTF8 { other in
                guard bytes.count == other.count, let left = bytes.baseAddress, let right = other.baseAddress else {
                    return bytes.isEmpty && other.isEmpty
                }
                return memcmp(left, right, other.count) == 0
            }
        }
    }
}
