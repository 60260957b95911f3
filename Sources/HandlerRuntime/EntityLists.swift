public import EventStore
import JSON
import NIOCore

/// A property by which a list can be asked for: looked up in an index, never by going through all.
public struct ListFilter: Sendable {
    let field: Field
    let source: Source

    enum Source: Sendable {
        /// Entities that have or had the value.
        case index(String)
        case unique(UniqueIndex)
    }

    /// - Parameter index: who has the value stands in it; who had it before may, too.
    public static func by(_ name: String, _ schema: Schema, in index: String, _ summary: String) -> ListFilter {
        ListFilter(field: Field(name, schema, required: false, summary), source: .index(index))
    }

    /// At most one entity has the value.
    public static func by(_ name: String, _ schema: Schema, _ index: UniqueIndex, _ summary: String) -> ListFilter {
        ListFilter(field: Field(name, schema, required: false, summary), source: .unique(index))
    }
}

/// Some of a list, and where the rest begins.
public struct ListPage: Sendable {
    public let entities: [EntityState]
    /// What `cursor` takes for the next page; nil: this was the last.
    public let next: String?

    /// As one JSON array.
    public var array: [UInt8] {
        var bytes = [UInt8(ascii: "[")]
        for (number, entity) in entities.enumerated() {
            if number > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(contentsOf: entity.entity.readableBytesView)
        }
        bytes.append(UInt8(ascii: "]"))
        return bytes
    }

    /// `{items, next?}`.
    public var object: [UInt8] {
        let end = next.map { ",\"next\":\(JSONValue.string($0).text)}" } ?? "}"
        return Array("{\"items\":".utf8) + array + Array(end.utf8)
    }
}

extension EntityCommands {
    /// Every entity, or those that a filter picks, in the order in which they came to be: all at once, or by pages.
    public func list(by filters: [ListFilter]) -> CommandDefinition {
        let lists = EntityLists<E>(filters: filters)
        return .query(
            "\(noun).list", "Every \(noun), in the order in which they were created.", lists.fields,
            returns: .any([
                (
                    "anyOf",
                    [
                        ["type": "array", "items": .object(description)],
                        [
                            "type": "object",
                            "properties": ["items": ["type": "array"], "next": ["type": "string"]],
                        ],
                    ]
                )
            ]), http: plural.map { [HTTPBinding(.get, "/\($0)")] } ?? [], lists.answer)
    }

    public var list: CommandDefinition { list(by: []) }
}

/// The list of one kind of entity.
struct EntityLists<E: Entity>: Sendable {
    let filters: [ListFilter]

    var fields: [Field] {
        [
            Field("limit", .integer(1...1_000), required: false, "only so many at once, and where the rest begins"),
            Field("cursor", .line(1...100), required: false, "go on where the page before ended: its next"),
        ] + filters.map(\.field)
    }

    @Sendable func answer(_ parameters: JSONObject, _ store: Store) async throws(Refusal) -> Answer {
        let given = filters.filter { parameters[$0.field.name].map { $0 != .null } ?? false }
        guard given.count < 2 else {
            throw Refusal(
                given.dropFirst().map { Violation("/\($0.field.name)", "must stand alone: one filter at once") })
        }
        let limit = parameters["limit"]?.number?.int64.map(Int.init)
        guard limit != nil || parameters["cursor"] == nil else {
            throw Refusal([Violation("/cursor", "must stand with a limit")])
        }
        let selection = Selection(
            filter: given.first, value: given.first.flatMap { parameters[$0.field.name]?.plain })
        let cursor = try ListCursor(parameters["cursor"]?.string, of: selection.name)
        if limit == nil, let all = selection.all(in: store) { return .stream(all) }
        do {
            let page = try await selection.page(from: cursor, count: limit ?? 1, in: store)
            return limit == nil ? .text(page.array) : .page(page)
        } catch {
            throw Refusal(error)
        }
    }

    /// The whole list, or what a filter leaves of it.
    private struct Selection: Sendable {
        let filter: ListFilter?
        let value: String?

        /// Tells the cursors of different lists from each other.
        var name: String { "\(E.topic) \(filter?.field.name ?? "") \(value ?? "")" }

        func page(from cursor: ListCursor, count: Int, in store: Store) async throws(StoreError) -> ListPage {
            guard let filter, let value else {
                let page = try await store.list(E.definition, after: cursor.event, count: count)
                return ListPage(
                    entities: page.entities, next: page.next.map { ListCursor.text(event: $0, of: name) })
            }
            switch filter.source {
            case .unique(let index):
                let state = try await store.load([.unique(index, value)]).first ?? nil
                return ListPage(entities: [state].compactMap(\.self).filter(\.exists), next: nil)
            case .index(let index):
                let page = try await store.page(of: index, value: value, after: cursor.place, count: count)
                let states = try await store.load(page.ids.map { .id(E.topic, $0) }).compactMap(\.self)
                return ListPage(
                    entities: states.filter { $0.exists && has(value, filter, $0) },
                    next: page.next.map { ListCursor.text(place: $0, of: name) })
            }
        }

        /// Whether it still has the value that brought it into the index.
        private func has(_ value: String, _ filter: ListFilter, _ state: EntityState) -> Bool {
            state.decoded()?[filter.field.name]?.plain == value
        }

        /// nil where it is one at most.
        func all(in store: Store) -> JSONChunks? {
            guard let filter, let value else { return .entities(of: E.definition, in: store) }
            switch filter.source {
            case .unique: return nil
            case .index(let index):
                return .entities(of: E.topic, in: index, value: value, store: store) { states in
                    states.filter { has(value, filter, $0) }
                }
            }
        }
    }
}

/// Where a page begins. It names its list, so that one of another is not taken for it, and is for nobody to read.
struct ListCursor {
    static let start = ListCursor(event: .zero, place: 0)

    let event: EventID
    let place: UInt64

    private init(event: EventID, place: UInt64) { (self.event, self.place) = (event, place) }

    /// - Parameter text: nil: the beginning.
    init(_ text: String?, of list: String) throws(Refusal) {
        guard let text else {
            self = .start
            return
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts[1] == Self.seal(parts[0], of: list),
            let event = EventID(parts[0]) ?? UInt64(parts[0]).map({ EventID(seconds: $0, microseconds: 0) })
        else {
            throw Refusal([Violation("/cursor", "must be what next said in the answer before, of the same list")])
        }
        self.init(event: event, place: UInt64(parts[0]) ?? 0)
    }

    static func text(event: EventID, of list: String) -> String { sealed("\(event)", of: list) }
    static func text(place: UInt64, of list: String) -> String { sealed("\(place)", of: list) }

    private static func sealed(_ text: String, of list: String) -> String { "\(text).\(seal(text, of: list))" }

    /// Against mistakes, not against malice: whoever makes one up sees no more than the list has.
    private static func seal(_ text: String, of list: String) -> String {
        String(Fingerprint("\(list) \(text)", .null).text.prefix(8))
    }
}

extension JSONValue {
    /// As indexes have it.
    fileprivate var plain: String? {
        switch self {
        case .string(let text): text
        case .number(let number): number.text
        case .null, .bool, .array, .object: nil
        }
    }
}
