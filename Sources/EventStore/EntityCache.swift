import JSON

/// The entity cache in Redis: a hash per entity, a set of the ids, a list or hash per property that is no scalar.
///
/// It is for those who read Redis by themselves. The daemon reads the events, so it never waits for this cache.
struct EntityCache: Sendable {
    let keys: Keyspace

    /// What is kept of one entity: the fields of its hash, and the properties that have keys of their own.
    struct Image: Sendable {
        enum Kind: String, Sendable { case list, hash }

        struct Property: Sendable {
            let name: String
            let key: String
            let kind: Kind
            /// Of a hash, names and values in turn.
            let elements: [String]
        }

        /// Names and values in turn, the id first.
        var fields: [String]
        var properties: [Property] = []
    }

    func image(_ topic: Topic, _ id: String, _ entity: JSONObject) -> Image {
        var image = Image(fields: ["id", id])
        image.fields.reserveCapacity(2 * entity.members.count)
        for member in entity.members where member.key != "id" {
            image.fields.append(member.key)
            guard let property = property(member, topic, id) else {
                image.fields.append(member.value.plainText)
                continue
            }
            image.fields.append(property.key)
            image.properties.append(property)
        }
        return image
    }

    /// nil for a scalar.
    private func property(_ member: JSONObject.Member, _ topic: Topic, _ id: String) -> Image.Property? {
        switch member.value {
        case .array(let elements):
            let key = keys.property(topic, member.key, id)
            return .init(name: member.key, key: key, kind: .list, elements: elements.map(\.plainText))
        case .object(let object):
            let key = keys.property(topic, member.key, id)
            let pairs = object.members.flatMap { [$0.key, $0.value.plainText] }
            return .init(name: member.key, key: key, kind: .hash, elements: pairs)
        case .null, .bool, .number, .string: return nil
        }
    }

    // MARK: Writing

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
        let image = image(topic, id, entity)
        let addition = isNew ? [ReadModelWrite.command(["SADD", keys.entityIDs(topic), id])] : []
        let properties = image.properties.flatMap { property in
            chunks(of: property.elements).map {
                ReadModelWrite.command([property.kind == .list ? "RPUSH" : "HSET", property.key] + $0)
            }
        }
        return addition + properties
            + chunks(of: image.fields).map { .command(["HSET", keys.entity(topic, id)] + $0) }
    }

    /// Redis's Lua takes some thousand arguments in one call.
    private func chunks(of elements: [String], by size: Int = 1_000) -> [[String]] {
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
