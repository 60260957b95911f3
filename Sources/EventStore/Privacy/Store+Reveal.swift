import Crypto
import FoundationEssentials
import JSON
import NIOCore
import Redis

/// Personal members stand in events, caches and indexes as they were sealed; whoever reads through the store gets them
/// in plain, or their placeholders where the key has been destroyed.
extension Store {
    /// For whoever keeps events that were revealed: it grows when this daemon erases somebody.
    public var erasures: Int { personalKeys.destructions }
    /// For how long something that was revealed may be kept: another daemon may erase somebody meanwhile.
    public static var revealedLife: Duration { PersonalKeys.life }

    func reveal(_ states: [EntityState?], of topics: [Topic]) async throws(StoreError) -> [EntityState?] {
        let texts = zip(states, topics).map { state, topic in (topic, state?.entity ?? ByteBuffer()) }
        guard let plain = try await revealed(texts) else { return states }
        return zip(states, plain).map { state, plain in
            guard let state, let plain else { return state }
            return EntityState(
                id: state.id, revision: state.revision, isDeleted: state.isDeleted, entity: plain,
                isNewer: state.isNewer, sealed: state.entity)
        }
    }

    func reveal(_ events: [RecordedEvent]) async throws(StoreError) -> [RecordedEvent] {
        guard let plain = try await revealed(events.map { ($0.stream.topic, $0.entity) }) else { return events }
        return zip(events, plain).map { event, plain in
            guard let plain else { return event }
            return RecordedEvent(
                id: event.id, stream: event.stream, name: event.name, entity: plain, metadata: event.metadata,
                isNewer: event.isNewer, sealed: event.entity)
        }
    }

    /// nil where nothing is sealed, and for each text that is not.
    private func revealed(_ texts: [(topic: Topic, text: ByteBuffer)]) async throws(StoreError) -> [ByteBuffer?]? {
        if catalogue.personal.isEmpty { return nil }
        var sealed: [(index: Int, topic: Topic, members: PersonalMembers, object: JSONObject)] = []
        for (index, (topic, text)) in texts.enumerated() {
            guard let members = catalogue.personal[topic], text.mayBeSealed,
                let object = (try? JSONValue(parsing: text.readableBytesView))?.object
            else { continue }
            sealed.append((index, topic, members, object))
        }
        if sealed.isEmpty { return nil }
        let keys = try await personalKeys(of: Set(sealed.compactMap { $0.object[$0.members.subject]?.string }))
        var plain = [ByteBuffer?](repeating: nil, count: texts.count)
        for (index, topic, members, object) in sealed {
            let key = object[members.subject]?.string.flatMap { keys[$0] }
            let opened = members.opened(object, of: topic, with: key.map { PersonalSeal($0) })
            plain[index] = ByteBuffer(bytes: JSONValue.object(opened).bytes)
        }
        return plain
    }

    func personalKeys(of subjects: Set<String>) async throws(StoreError) -> [String: SymmetricKey] {
        var keys: [String: SymmetricKey] = [:]
        for subject in subjects { keys[subject] = self.personalKeys[subject] }
        let missing = subjects.filter { keys[$0] == nil }
        if missing.isEmpty { return keys }
        let reply = try await ask(RedisCommand("HMGET", arguments: [self.keys.personalKeys] + missing))
        for (subject, text) in zip(missing, reply.array ?? []) {
            guard let data = text.string.flatMap({ Data(base64Encoded: $0) }) else { continue }
            keys[subject] = SymmetricKey(data: data)
            self.personalKeys.note(SymmetricKey(data: data), of: subject)
        }
        return keys
    }
}

extension PersonalMembers {
    fileprivate func opened(_ object: JSONObject, of topic: Topic, with seal: PersonalSeal?) -> JSONObject {
        var object = object
        for (name, placeholder) in placeholders {
            guard let text = object[name]?.string, PersonalSeal.isSealed(text) else { continue }
            object[name] = .string(seal?.open(text, in: "\(topic).\(name)") ?? placeholder)
        }
        return object
    }
}
