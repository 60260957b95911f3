import Crypto
import FoundationEssentials
import JSON
import Redis
import Synchronization

/// The hashes of an entity's members, before an event and after it.
struct MemberHashes: Sendable {
    var before: [String: String] = [:]
    var after: [String: String] = [:]
}

/// Where entities are looked up by what tells of a person, indexes hold a hash of it under a key of the shop's own
/// (HMAC-SHA256): who sees the index alone learns nothing. The hashes stand in no event, so they are gone with the entry,
/// also from archives. They are made where events are written, and again where indexes are built anew: of what can still
/// be read. What has been erased has none.
extension Store {
    /// What stands in the index for a value that is looked up.
    public func hash(of text: String, _ topic: Topic, _ member: String) async throws(StoreError) -> String {
        Self.hash(text, topic, member, try await lookupKey())
    }

    private static func hash(_ text: String, _ topic: Topic, _ member: String, _ key: SymmetricKey) -> String {
        let text = "\(topic).\(member)\0\(text.lowercased())"
        let code = HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key)
        return hex(Array(code).prefix(16))
    }

    private static func hex(_ bytes: some Collection<UInt8>) -> String {
        let digits = StaticString("0123456789abcdef")
        return String(unsafeUninitializedCapacity: 2 * bytes.count) { buffer in
            var end = 0
            for byte in bytes {
                buffer[end] = digits.utf8Start[Int(byte >> 4)]
                buffer[end + 1] = digits.utf8Start[Int(byte & 15)]
                end += 2
            }
            return end
        }
    }

    /// The transaction with the hashes that its events need for the indexes.
    func hashed(_ transaction: Transaction) async throws(StoreError) -> Transaction {
        let events = transaction.events + transaction.adopted.map(\.1)
        guard events.contains(where: { isHashed($0.stream.topic) }) else { return transaction }
        let afters = try await hashes(
            of: events.map { ($0.stream.topic, $0.stream.action == .deleted ? nil : Self.object($0.entity)) })
        let befores = try await hashes(
            of: events.map { ($0.stream.topic, $0.before.flatMap(Self.object)) })
        var transaction = transaction
        for index in events.indices {
            let hashes = MemberHashes(before: befores[index], after: afters[index])
            if index < transaction.events.count {
                transaction.events[index].hashes = hashes
            } else {
                transaction.adopted[index - transaction.events.count].1.hashes = hashes
            }
        }
        return transaction
    }

    /// The hashes of entities' members, as they stand in events or in plain; none of what cannot be read any more.
    func hashes(of entities: [(topic: Topic, entity: JSONObject?)]) async throws(StoreError) -> [[String: String]] {
        guard entities.contains(where: { $0.entity != nil && isHashed($0.topic) }) else {
            return entities.map { _ in [:] }
        }
        let keys = try await personalKeys(of: Set(entities.compactMap { sealedSubject($0.topic, $0.entity) }))
        let lookupKey = try await lookupKey()
        return entities.map { topic, entity in
            guard let entity, let members = catalogue.personal[topic] else { return [:] }
            let seal = entity[members.subject]?.string.flatMap { keys[$0] }.map { PersonalSeal($0) }
            return members.plain(entity, of: topic, with: seal).reduce(into: [:]) { hashes, member in
                hashes[member.key] = Self.hash(member.value, topic, member.key, lookupKey)
            }
        }
    }

    private func isHashed(_ topic: Topic) -> Bool { catalogue.personal[topic]?.hashed.isEmpty == false }

    /// Whose key opens the members that are hashed; nil where all of them are plain.
    private func sealedSubject(_ topic: Topic, _ entity: JSONObject?) -> String? {
        guard let entity, let members = catalogue.personal[topic],
            members.hashed.contains(where: { entity[$0]?.string.map(PersonalSeal.isSealed) ?? false })
        else { return nil }
        return entity[members.subject]?.string
    }

    private static func object(_ text: [UInt8]) -> JSONObject? { (try? JSONValue(parsing: text))?.object }

    // MARK: The shop's key

    /// A key for a shop that has none.
    var lookupKeyOffer: RedisCommand {
        let bytes = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
        return RedisCommand("SET", keys.lookupKey, Data(bytes).base64EncodedString(), "NX")
    }

    private func lookupKey() async throws(StoreError) -> SymmetricKey {
        if let key = knownLookupKey.withLock(\.self) { return key }
        let replies = try await pipeline([lookupKeyOffer, RedisCommand("GET", keys.lookupKey)])
        guard let data = replies[1].string.flatMap({ Data(base64Encoded: $0) }) else {
            throw unexpected(replies[1])
        }
        let key = SymmetricKey(data: data)
        knownLookupKey.withLock { $0 = key }
        return key
    }
}

extension PersonalMembers {
    /// The members that are hashed, in plain; without those that are not there, or have been erased.
    fileprivate func plain(_ entity: JSONObject, of topic: Topic, with seal: PersonalSeal?) -> [String: String] {
        hashed.reduce(into: [:]) { plain, name in
            guard let text = entity[name]?.string, text != placeholders[name] else { return }
            plain[name] = PersonalSeal.isSealed(text) ? seal?.open(text, in: "\(topic).\(name)") : text
        }
    }
}
