public import EventStore
public import JSON
import NIOCore

/// What became of one entity, for people and programs: its events, how it was, what has changed.
public struct EntityPast: Sendable {
    private let store: Store
    private let topic: TopicDefinition
    private let id: String

    public init(_ topic: TopicDefinition, _ id: String, in store: Store) {
        self.topic = topic
        self.id = id
        self.store = store
    }

    // MARK: Events

    public static let pageFields = [
        Field("limit", .integer(1...1_000), required: false, "at most so many; 100"),
        Field("cursor", .historyCursor, required: false, "where to go on: next of the page before"),
    ]

    /// A page of its events, the newest first.
    /// - Parameter parameters: `pageFields`.
    public func history(_ parameters: JSONObject) async throws(Refusal) -> JSONValue {
        let count = Int(parameters["limit"]?.number?.int64 ?? 100)
        let cursor = parameters["cursor"]?.string.flatMap { HistoryCursor($0) }
        let page: HistoryPage
        do { page = try await store.history(of: topic, id, from: cursor, count: count) } catch {
            throw Refusal(error)
        }
        // Whoever makes up a place gets nobody else's events.
        guard page.events.allSatisfy({ $0.entityKey.id == id }) else {
            throw Refusal([Violation("/cursor", "must be what next said in an answer about this entity")])
        }
        var answer = JSONObject([("events", .array(page.events.map { .object($0.json) }))])
        switch page.rest {
        case .nothing: break
        case .more(let next): answer["next"] = .string("\(next)")
        case .trimmed(let end): answer["trimmed_up_to"] = .string("\(end)")
        }
        return .object(answer)
    }

    public static let historySchema = Schema.any([
        ("type", "object"),
        (
            "properties",
            [
                "events": ["type": "array", "items": ["type": "object"]],
                "next": ["type": "string"], "trimmed_up_to": ["type": "string"],
            ]
        ),
    ])

    // MARK: State

    /// The entity as it was; nil where there was none.
    /// - Throws: `trimmed` where nobody can tell any more.
    public func state(at moment: EventID) async throws(Refusal) -> EntityState? {
        let state: PastState
        do { state = try await store.state(of: topic, id, at: moment) } catch { throw Refusal(error) }
        switch state {
        case .existed(let state): return state
        case .absent: return nil
        case .trimmed(let end):
            throw Refusal(
                .trimmed,
                "what the \(topic.topic) \(id.prefix(100)) was at that time has been trimmed from the streams: they "
                    + "begin behind \(end); look into the archives",
                details: JSONObject([("trimmed_up_to", .string("\(end)"))]))
        }
    }

    // MARK: Difference

    public static let differenceFields = [
        Field("from", .moment, "the earlier time"),
        Field("to", .moment, required: false, "the later time; now"),
    ]

    /// What is not as it was: each member with its value before and after.
    /// - Parameter parameters: `differenceFields`.
    public func difference(_ parameters: JSONObject) async throws(Refusal) -> JSONValue {
        let old = try await state(at: parameters.moment("from") ?? .zero)
        let new = try await state(at: parameters.moment("to") ?? .latest)
        let changes = JSONObject.changes(from: old?.decoded(), to: new?.decoded())
        return [
            "from": old.map { .string("\($0.revision)") } ?? .null,
            "to": new.map { .string("\($0.revision)") } ?? .null,
            "changes": .array(changes.map { .object($0) }),
        ]
    }

    public static let differenceSchema = Schema.any([
        ("type", "object"),
        (
            "properties",
            [
                "from": ["type": ["string", "null"]], "to": ["type": ["string", "null"]],
                "changes": ["type": "array", "items": ["type": "object"]],
            ]
        ),
    ])
}

extension JSONObject {
    /// The place that a parameter of the kind `moment` names.
    public func moment(_ name: String) -> EventID? { self[name]?.string.flatMap { Moment($0) }?.event }

    /// For each member that is not the same: `member`, and `before` and `after` where it is there.
    static func changes(from old: JSONObject?, to new: JSONObject?) -> [JSONObject] {
        let names = (old?.members ?? []).map(\.key)
        let added = (new?.members ?? []).map(\.key).filter { old?[$0] == nil }
        return (names + added).filter { old?[$0] != new?[$0] }.map { name in
            var change = JSONObject([("member", .string(name))])
            change["before"] = old?[name]
            change["after"] = new?[name]
            return change
        }
    }
}

extension Schema {
    /// Where a history goes on.
    public static let historyCursor = Schema([("type", "string")]) { value in
        value.string.flatMap { HistoryCursor($0) } == nil
            ? [Violation("", "must be what next said in the answer before")] : []
    }.example("1548699679-211658.updated")
}
