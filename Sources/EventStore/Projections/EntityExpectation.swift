import JSON
import NIOCore
import Redis

/// What has to be kept of an entity, by its last event.
struct EntityExpectation: Sendable {
    let id: String
    /// nil where no event speaks of it.
    let revision: EventID?
    let action: Action
    /// Its place in the snapshot; empty where its last event is in its stream.
    let birth: String
    /// nil where there is no such entity.
    let image: EntityCache.Image?

    /// Nothing at all.
    init(nothingOf id: String) {
        self.id = id
        revision = nil
        action = ""
        birth = ""
        image = nil
    }

    /// nil where the text is no entity: a foreign event that nobody can apply.
    init?(
        _ id: String, _ revision: EventID, _ action: Action, birth: String, _ entity: ByteBuffer, of topic: Topic,
        in cache: EntityCache
    ) {
        guard let object = (try? JSONValue(parsing: entity.readableBytesView))?.object else { return nil }
        self.id = id
        self.revision = revision
        self.action = action
        self.birth = birth
        image = action == .deleted ? nil : cache.image(topic, id, object)
    }

    // MARK: For check.lua

    var size: Int {
        6 + (image.map { $0.fields.count + $0.properties.reduce(0) { $0 + 3 + $1.elements.count } } ?? 0)
    }

    /// What stands in `revisions`, but for the birth.
    var revisionText: String { revision.map { "\($0) \(action)" } ?? "" }

    func append(to command: inout RedisCommand) {
        command.append(revisionText)
        command.append(birth)
        append(image?.fields ?? [], to: &command)
        command.append(image?.properties.count ?? 0)
        for property in image?.properties ?? [] {
            command.append(property.name)
            command.append(property.kind.rawValue)
            append(property.elements, to: &command)
        }
    }

    private func append(_ texts: [String], to command: inout RedisCommand) {
        command.append(texts.count)
        for text in texts { command.append(text) }
    }

    // MARK: Naming differences

    /// - Parameter found: what check.lua found: what stands in `revisions`, whether the id is in the set, the hash,
    ///   the properties; null where it was right.
    func differences(_ found: ArraySlice<RedisValue>, _ topic: Topic, _ keys: Keyspace) -> [Difference] {
        let found = Array(found)
        guard found.count >= 3 else { return [] }
        var list = found[0].string.map { [revisionDifference($0, keys.revisions(topic))] } ?? []
        if (found[1].int == 1) != (image != nil) {
            list.append(Difference(image == nil ? .extra : .missing, keys.entityIDs(topic), field: id))
        }
        list += Self.differences(keys.entity(topic, id), .hash, image?.fields ?? [], found[2])
        for (property, found) in zip(image?.properties ?? [], found.dropFirst(3)) {
            list += Self.differences(property.key, property.kind, property.elements, found)
        }
        return list
    }

    private func revisionDifference(_ found: String, _ key: String) -> Difference {
        let expected = revision.map { _ in birth.isEmpty ? revisionText : "\(revisionText) \(birth)" }
        return Difference(key, id, expected: expected, found: found.isEmpty ? nil : found)
    }

    private static func differences(
        _ key: String, _ kind: EntityCache.Image.Kind, _ expected: [String], _ found: RedisValue
    ) -> [Difference] {
        if found.isNull { return [] }
        if let type = found.string {
            return [Difference(.differing, key, expected: "a \(kind)", found: "a \(type)")]
        }
        let found = (found.array ?? []).compactMap(\.string)
        let fields = kind == .hash ? fieldDifferences(key, pairs(expected), pairs(found)) : []
        if !expected.isEmpty, !found.isEmpty, !fields.isEmpty { return fields }
        // All of it, or only the order.
        let texts = [expected, found].map { $0.isEmpty ? nil : $0.joined(separator: " ") }
        return [Difference(key, nil, expected: texts[0], found: texts[1])]
    }

    private static func fieldDifferences(
        _ key: String, _ expected: [(String, String)], _ found: [(String, String)]
    ) -> [Difference] {
        let (wanted, there) = (Dictionary(expected) { $1 }, Dictionary(found) { $1 })
        let names = expected.map(\.0) + found.map(\.0).filter { wanted[$0] == nil }
        return names.filter { wanted[$0] != there[$0] }.map {
            Difference(key, $0, expected: wanted[$0], found: there[$0])
        }
    }

    private static func pairs(_ texts: [String]) -> [(String, String)] {
        stride(from: 0, to: texts.count - 1, by: 2).map { (texts[$0], texts[$0 + 1]) }
    }
}
