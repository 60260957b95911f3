import Crypto
import FoundationEssentials
import JSON
import Redis

extension Store {
    /// Stands where a key was, so that no new one takes its place: what somebody is about to write of that person at
    /// this moment is unreadable, too.
    private static let destroyed = "-"

    /// The transaction as it is written: with the personal members of its events sealed, and the keys that it
    /// destroys.
    func sealed(_ transaction: Transaction) async throws(StoreError) -> Transaction {
        var transaction = transaction
        for subject in transaction.destroyedKeys {
            transaction.records.append(["HSET", keys.personalKeys, subject, Self.destroyed])
        }
        guard isSealing, transaction.events.contains(where: { catalogue.personal[$0.stream.topic] != nil }) else {
            return transaction
        }
        let seals = try await seals(for: transaction.events)
        // What an entity was before its second event in one step is what its first event made it.
        var written: [EntityKey: [UInt8]] = [:]
        transaction.events = try transaction.events.map { event throws(StoreError) in
            guard let members = catalogue.personal[event.stream.topic] else { return event }
            let key = EntityKey(topic: event.stream.topic, id: event.entityID)
            let entity = try members.sealed(event.entity, of: event.stream.topic, with: seals)
            defer { written[key] = entity }
            return event.with(entity: entity, before: written[key] ?? event.before)
        }
        return transaction
    }

    private func seals(for events: [NewEvent]) async throws(StoreError) -> [String: PersonalSeal] {
        var subjects: Set<String> = []
        for event in events {
            guard let members = catalogue.personal[event.stream.topic] else { continue }
            if let subject = members.subject(of: event.entity) { subjects.insert(subject) }
        }
        var known = try await personalKeys(of: subjects)
        for subject in subjects where known[subject] == nil { known[subject] = try await newKey(for: subject) }
        return known.mapValues { PersonalSeal($0) }
    }

    /// Another daemon may make one at the same time: the first stays. nil where it has been destroyed.
    private func newKey(for subject: String) async throws(StoreError) -> SymmetricKey? {
        let bytes = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
        let replies = try await pipeline([
            RedisCommand("HSETNX", keys.personalKeys, subject, Data(bytes).base64EncodedString()),
            RedisCommand("HGET", keys.personalKeys, subject),
        ])
        if replies[1].string == Self.destroyed { return nil }
        guard let data = replies[1].string.flatMap({ Data(base64Encoded: $0) }) else {
            throw unexpected(replies[1])
        }
        let key = SymmetricKey(data: data)
        personalKeys.note(key, of: subject)
        return key
    }
}

extension PersonalMembers {
    /// Whom the entity tells of; nil where it tells of nobody, or no more.
    fileprivate func subject(of entity: [UInt8]) -> String? {
        guard let object = (try? JSONValue(parsing: entity))?.object,
            placeholders.contains(where: { object[$0.key]?.string != nil && object[$0.key]?.string != $0.value })
        else { return nil }
        return object[subject]?.string
    }

    /// What tells of nobody in particular, and what is a placeholder already, stays as it is.
    fileprivate func sealed(
        _ entity: [UInt8], of topic: Topic, with seals: [String: PersonalSeal]
    ) throws(StoreError) -> [UInt8] {
        guard var object = (try? JSONValue(parsing: entity))?.object, let person = object[subject]?.string else {
            return entity
        }
        for (name, placeholder) in placeholders {
            guard let text = object[name]?.string, text != placeholder else { continue }
            guard let seal = seals[person] else {
                object[name] = .string(placeholder)
                continue
            }
            do { object[name] = .string(try seal.seal(text, in: "\(topic).\(name)")) } catch {
                throw StoreError(.unavailable, "personal data could not be encrypted: \(error)")
            }
        }
        return JSONValue.object(object).bytes
    }
}
