public import EventStore
import JSON

/// A property by which a list can be asked for: looked up in an index, never by going through all.
public struct ListFilter: Sendable {
    let field: Field
    let source: Source

    enum Source: Sendable {
        /// Entities that have or had the value, in an order of that name.
        case index(order: String, @Sendable (String) -> IndexPlace)
        case unique(UniqueIndex)
        /// The index has a hash of the value (`Projection.hashed`).
        case hashed(Topic)
    }

    /// Where the entities with a value stand: in an index, under a value.
    public struct IndexPlace: Sendable {
        let index: String
        let value: String

        public init(_ index: String, value: String = "") {
            self.index = index
            self.value = value
        }
    }

    /// - Parameter index: who has the value stands in it; who had it before may, too.
    public static func by(_ name: String, _ schema: Schema, in index: String, _ summary: String) -> ListFilter {
        ListFilter(
            field: Field(name, schema, required: false, summary),
            source: .index(order: ListSort.created) { IndexPlace(index, value: $0) })
    }

    /// Those that have a value stand in the order in which they got it: sorted `since`.
    /// - Parameter place: the index of a value.
    public static func since(
        _ name: String, _ schema: Schema, _ summary: String, in place: @escaping @Sendable (String) -> IndexPlace
    ) -> ListFilter {
        ListFilter(
            field: Field(name, schema, required: false, summary), source: .index(order: ListSort.since, place))
    }

    /// At most one entity has the value.
    public static func by(_ name: String, _ schema: Schema, _ index: UniqueIndex, _ summary: String) -> ListFilter {
        ListFilter(field: Field(name, schema, required: false, summary), source: .unique(index))
    }

    /// By a member that tells of a person. The case of letters does not count.
    public static func hashed(_ topic: Topic, _ name: String, _ schema: Schema, _ summary: String) -> ListFilter {
        ListFilter(field: Field(name, schema, required: false, summary), source: .hashed(topic))
    }

    /// Whether an entity has the value: who stands in an index may have had it before.
    func picks(_ entity: JSONObject?, _ value: String) -> Bool {
        guard let found = entity?[field.name]?.plain else { return false }
        switch source {
        case .index, .unique: return found == value
        case .hashed: return found.lowercased() == value.lowercased()
        }
    }

    var isUnique: Bool {
        switch source {
        case .unique: true
        case .index, .hashed: false
        }
    }

    /// By what that which it picks can be sorted.
    var order: String {
        switch source {
        case .index(let order, _): order
        case .unique, .hashed: ListSort.created
        }
    }
}

/// In which order a list comes: by what, and from which end.
struct ListSort: Hashable {
    static let created = "created_at"
    static let since = "since"

    let name: String
    let direction: Direction

    init(_ name: String, _ direction: Direction = .forwards) {
        self.name = name
        self.direction = direction
    }

    /// `price`, or `-price` for the highest first.
    init(parsing text: String) {
        self.init(
            text.hasPrefix("-") ? String(text.dropFirst()) : text, text.hasPrefix("-") ? .backwards : .forwards)
    }

    var text: String { direction == .forwards ? name : "-\(name)" }

    static func words(for names: [String]) -> [String] { names.flatMap { [$0, "-\($0)"] } }
}

extension JSONValue {
    /// As indexes have it.
    var plain: String? {
        switch self {
        case .string(let text): text
        case .number(let number): number.text
        case .null, .bool, .array, .object: nil
        }
    }
}
