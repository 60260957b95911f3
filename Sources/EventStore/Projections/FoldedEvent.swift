import JSON
import NIOCore
import Redis

/// An event, read for no more than folding needs, as there are many of them.
struct FoldedEvent: Sendable {
    let id: EventID
    let action: Action
    /// The entity's id, as it stands in its text.
    let entityID: ByteBuffer
    let entity: ByteBuffer
    /// The entity's place in the snapshot that the event was read from, `-` without a first event; empty for a stream.
    let birth: String

    var isDeleted: Bool { action == .deleted }
}

/// An entity without a first event, as a snapshot has it: `ID ACTION TEXT`, or `ID ACTION;SCHEMA TEXT`.
struct UnbornEntry {
    let id: EventID
    let action: Action
    let schema: ByteBuffer?
    let text: ByteBuffer

    init?(_ value: String) {
        let words = value.split(separator: " ", maxSplits: 2)
        guard words.count == 3, let id = EventID(words[0]) else { return nil }
        self.id = id
        let form = words[1].split(separator: ";")
        guard let action = form.first else { return nil }
        self.action = Action(String(action))
        schema = form.count > 1 ? ByteBuffer(substring: form[1]) : nil
        text = ByteBuffer(substring: words[2])
    }
}

extension Store {
    func folded(unborn entityID: String, _ value: String, of topic: Topic) -> FoldedEvent? {
        guard let entry = UnbornEntry(value) else { return nil }
        let text = catalogue.read(entry.text, of: topic, schema: entry.schema).text
        return FoldedEvent(
            id: entry.id, action: entry.action, entityID: ByteBuffer(string: entityID), entity: text, birth: "-")
    }
}

/// Where the events of a topic are read from.
enum FoldSource: Sendable, Hashable {
    case stream(Action)
    case snapshot
}

/// A page of a stream, read for folding.
struct FoldPage: Sendable {
    let events: [FoldedEvent]
    /// Where the next page begins; nil behind the last one.
    let next: EventID?

    static let size = 500
}

extension Store {
    /// A page of events for folding. What is no event of an entity is left out.
    func fold(
        _ source: FoldSource, of topic: Topic, after position: EventID, upTo end: EventID
    ) async throws(StoreError) -> FoldPage {
        let key =
            switch source {
            case .stream(let action): keys.stream(StreamKey(topic, action))
            case .snapshot: keys.snapshot(topic)
            }
        let count = String(FoldPage.size)
        let reply = try await send(RedisCommand("XRANGE", key, "(\(position)", end.description, "COUNT", count))
        let entries = reply.array ?? []
        let last = entries.last?.array?.first?.buffer.flatMap { EventID($0) }
        return FoldPage(
            events: entries.compactMap { folded($0, source, of: topic) },
            next: entries.count < FoldPage.size ? nil : last
        )
    }

    private func folded(_ entry: RedisValue, _ source: FoldSource, of topic: Topic) -> FoldedEvent? {
        guard let pair = entry.array, pair.count == 2, let place = pair[0].buffer, let id = EventID(place),
            let fields = pair[1].array, let text = Self.field("entity", of: fields)
        else { return nil }
        let entity = catalogue.read(text, of: topic, schema: Self.field("schema", of: fields)).text
        switch source {
        case .stream(let action):
            guard let name = entity.entityID else { return nil }
            return FoldedEvent(id: id, action: action, entityID: name, entity: entity, birth: "")
        case .snapshot:
            guard let name = Self.field("id", of: fields), let action = Self.field("action", of: fields),
                let revision = Self.field("revision", of: fields).flatMap({ EventID($0) })
            else { return nil }
            return FoldedEvent(
                id: revision, action: Action(String(buffer: action)), entityID: name, entity: entity,
                birth: String(buffer: place))
        }
    }

    static func field(_ name: StaticString, of fields: [RedisValue]) -> ByteBuffer? {
        for index in stride(from: 0, to: fields.count - 1, by: 2) where fields[index].buffer?.holds(name) == true {
            return fields[index + 1].buffer
        }
        return nil
    }
}

extension EventID {
    /// The id that a sorted set has this score for.
    init(score: UInt64) { self.init(seconds: score / 1_000_000, microseconds: score % 1_000_000) }
}

extension ByteBuffer {
    func holds(_ text: StaticString) -> Bool {
        withUnsafeReadableBytes {
            $0.count == text.utf8CodeUnitCount
                && $0.elementsEqual(
                    UnsafeBufferPointer(
                        start: text.utf8Start, count: text.utf8CodeUnitCount))
        }
    }

    /// The id in an entity's text. The text is only parsed where the id does not stand first and plain.
    var entityID: ByteBuffer? {
        let opening: StaticString = #"{"id":""#
        let length = withUnsafeReadableBytes { bytes -> Int? in
            let start = opening.utf8CodeUnitCount
            guard bytes.count > start,
                bytes.prefix(start).elementsEqual(
                    UnsafeBufferPointer(
                        start: opening.utf8Start, count: start))
            else { return nil }
            let end = bytes[start...].firstIndex {
                $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") || $0 < 0x20
            }
            guard let end, bytes[end] == UInt8(ascii: "\"") else { return nil }
            return end - start
        }
        if let length { return getSlice(at: readerIndex + opening.utf8CodeUnitCount, length: length) }
        let text = (try? JSONValue(parsing: readableBytesView))?["id"]?.string
        return text.map { ByteBuffer(string: $0) }
    }
}
