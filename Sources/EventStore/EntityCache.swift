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

    /// Redis's Lua takes some thousand words in one command.
    private static let mostWords = 1_000

    /// Writes the commands that bring the cache from one state of an entity to the next.
    /// - Returns: how many they are.
    func write(_ change: EntityChange, to call: inout MessagePackArray) -> Int {
        let topic = change.stream.topic
        guard let after = change.after else {
            return change.before.map { forget(topic, change.id, $0, in: &call) } ?? 0
        }
        guard let before = change.before else {
            call.command("SADD", keys.entityIDs(topic), change.id)
            return 1 + store(topic, change.id, after, in: &call)
        }
        // Where every field is overwritten nothing is left to forget.
        let isOverwritten = before.isFlat && before.hasKeys(of: after)
        if !isOverwritten { delete(topic, change.id, before, in: &call) }
        return (isOverwritten ? 0 : 1) + store(topic, change.id, after, in: &call)
    }

    private func forget(
        _ topic: Topic, _ id: String, _ entity: JSONObject, in call: inout MessagePackArray
    ) -> Int {
        delete(topic, id, entity, in: &call)
        call.command("SREM", keys.entityIDs(topic), id)
        return 2
    }

    private func delete(_ topic: Topic, _ id: String, _ entity: JSONObject, in call: inout MessagePackArray) {
        call.command { call in
            call.append("DEL")
            call.append(keys.entity(topic, id))
            for member in entity.members where !member.value.isScalar {
                call.append(keys.property(topic, member.key, id))
            }
        }
    }

    private func store(
        _ topic: Topic, _ id: String, _ entity: JSONObject, in call: inout MessagePackArray
    ) -> Int {
        var count = 0
        for member in entity.members where !member.value.isScalar {
            count += store(member.value, at: keys.property(topic, member.key, id), in: &call)
        }
        let key = keys.entity(topic, id)
        return count
            + inChunks(entity.members, of: Self.mostWords / 2) { members, isFirst in
                call.command { call in
                    call.append("HSET")
                    call.append(key)
                    if isFirst {
                        call.append("id")
                        call.append(id)
                    }
                    for member in members where member.key != "id" {
                        call.append(member.key)
                        call.append(
                            member.value.isScalar
                                ? member.value.plainText : keys.property(topic, member.key, id))
                    }
                }
            }
    }

    private func store(_ property: JSONValue, at key: String, in call: inout MessagePackArray) -> Int {
        switch property {
        case .array(let elements):
            inChunks(elements, of: Self.mostWords) { elements, _ in
                call.command { call in
                    call.append("RPUSH")
                    call.append(key)
                    for element in elements { call.append(element.plainText) }
                }
            }
        case .object(let object):
            inChunks(object.members, of: Self.mostWords / 2) { members, _ in
                call.command { call in
                    call.append("HSET")
                    call.append(key)
                    for member in members {
                        call.append(member.key)
                        call.append(member.value.plainText)
                    }
                }
            }
        case .null, .bool, .number, .string: 0
        }
    }

    /// - Returns: how many chunks there were.
    private func inChunks<Element>(
        _ elements: [Element], of size: Int, _ body: (ArraySlice<Element>, _ isFirst: Bool) -> Void
    ) -> Int {
        var (start, count) = (0, 0)
        while start < elements.count {
            body(elements[start..<min(start + size, elements.count)], start == 0)
            start += size
            count += 1
        }
        return count
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
