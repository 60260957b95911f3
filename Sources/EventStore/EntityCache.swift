import JSON

/// The entity cache in Redis: a hash per entity, a set of the ids, a list or hash per property that is no scalar.
///
/// It is for those who read Redis by themselves. The daemon reads the events, so it never waits for this cache.
struct EntityCache: Sendable {
    let keys: Keyspace

    /// The writes that bring the cache from one state of an entity to the next.
    func writes(for change: EntityChange) -> [ReadModelWrite] {
        let topic = change.stream.topic
        if let before = change.before, let after = change.after, before.isFlat, before.hasKeys(of: after) {
            // Every field is overwritten: nothing is left to forget.
            return store(topic, change.id, after, isNew: false)
        }
        return forget(topic, change.id, change.before, keepsID: change.after != nil)
            + (change.after.map { store(topic, change.id, $0, isNew: change.before == nil) } ?? [])
    }

    /// The writes that set the cache to a state, whatever is there.
    func rewrites(_ topic: Topic, _ id: String, _ entity: JSONObject?) -> [ReadModelWrite] {
        let properties = forget(topic, id, entity ?? JSONObject([("id", .string(id))]), keepsID: entity != nil)
        return properties + (entity.map { store(topic, id, $0, isNew: true) } ?? [])
    }

    private func forget(
        _ topic: Topic, _ id: String, _ entity: JSONObject?, keepsID: Bool
    ) -> [ReadModelWrite] {
        guard let entity else { return [] }
        let lists = entity.members.filter { !$0.value.isScalar }.map { keys.property(topic, $0.key, id) }
        let delete = ReadModelWrite.command(["DEL", keys.entity(topic, id)] + lists)
        return keepsID ? [delete] : [delete, .command(["SREM", keys.entityIDs(topic), id])]
    }

    private func store(
        _ topic: Topic, _ id: String, _ entity: JSONObject, isNew: Bool
    ) -> [ReadModelWrite] {
        var writes: [ReadModelWrite] = isNew ? [.command(["SADD", keys.entityIDs(topic), id])] : []
        var fields = ["id", id]
        for member in entity.members where member.key != "id" {
            fields += [member.key, value(of: member, topic, id, &writes)]
        }
        return writes + chunks(of: fields, by: 1_000).map { .command(["HSET", keys.entity(topic, id)] + $0) }
    }

    /// A scalar as text; for a list or an object, the name of the key that it is written to.
    private func value(
        of member: JSONObject.Member, _ topic: Topic, _ id: String, _ writes: inout [ReadModelWrite]
    ) -> String {
        let key = keys.property(topic, member.key, id)
        switch member.value {
        case .array(let elements):
            writes += chunks(of: elements.map(\.plainText), by: 1_000).map { .command(["RPUSH", key] + $0) }
            return key
        case .object(let object):
            let pairs = object.members.map { [$0.key, $0.value.plainText] }
            writes += chunks(of: pairs, by: 500).map { .command(["HSET", key] + $0.flatMap(\.self)) }
            return key
        case .null, .bool, .number, .string: return member.value.plainText
        }
    }

    /// Redis's Lua takes some thousand arguments in one call.
    private func chunks<Element>(of elements: [Element], by size: Int) -> [[Element]] {
        stride(from: 0, to: elements.count, by: size).map {
            Array(elements[$0..<min($0 + size, elements.count)])
        }
    }
}

extension JSONObject {
    /// Whether no property has a key of its own in the cache.
    fileprivate var isFlat: Bool { members.allSatisfy(\.value.isScalar) }

    fileprivate func hasKeys(of other: JSONObject) -> Bool { members.map(\.key) == other.members.map(\.key) }
}

extension JSONValue {
    fileprivate var isScalar: Bool {
        switch self {
        case .array, .object: false
        case .null, .bool, .number, .string: true
        }
    }

    /// As it stands in the cache: strings as they are, numbers in decimal, anything nested as JSON.
    fileprivate var plainText: String {
        switch self {
        case .string(let text): text
        case .null: ""
        case .bool, .number, .array, .object: text
        }
    }
}
