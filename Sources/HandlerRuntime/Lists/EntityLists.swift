public import EventStore
import JSON
import NIOCore

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
    /// Every entity, or those that filters pick, in the order in which they came to be or in another: all at once, or by
    /// pages.
    /// - Parameter rankings: by what else it can be sorted: the property's name, and the ranking that has it.
    public func list(by filters: [ListFilter] = [], sortedBy rankings: [(String, Ranking)] = [])
        -> CommandDefinition
    {
        let lists = EntityLists<E>(filters: filters, rankings: rankings)
        return .query(
            "\(noun).list", "Every \(noun), in the order in which they were created unless they are sorted.",
            lists.fields,
            returns: .list(of: description), http: plural.map { [HTTPBinding(.get, "/\($0)")] } ?? [], lists.answer)
    }

    public var list: CommandDefinition { list() }

    /// The entities in an index, in the order in which they came into it, or backwards: all at once, or by pages.
    /// - Parameters:
    ///   - method: also the index's name, unless another is given.
    ///   - owner: the parameter whose value they stand under.
    public func list(
        _ method: String, _ summary: String, in index: String? = nil, of owner: Field? = nil, at path: String? = nil
    ) -> CommandDefinition {
        let list = IndexList<E>(index: index ?? method, owner: owner)
        return .query(
            method, summary, list.fields, returns: .list(of: description),
            http: path.map { [HTTPBinding(.get, $0)] } ?? [], list.answer)
    }
}

extension Schema {
    /// An array of entities, or a page of it.
    static func list(of entity: JSONObject) -> Schema {
        .any([
            (
                "anyOf",
                [
                    ["type": "array", "items": .object(entity)],
                    [
                        "type": "object",
                        "properties": ["items": ["type": "array"], "next": ["type": "string"]],
                    ],
                ]
            )
        ])
    }
}

/// What every list takes.
enum ListFields {
    static func all(sorts: [String]) -> [Field] {
        [
            Field("limit", .integer(1...1_000), required: false, "only so many at once, and where the rest begins"),
            Field("cursor", .line(1...1_000), required: false, "go on where the page before ended: its next"),
            Field("sort", .word(of: ListSort.words(for: sorts)), required: false, "in which order; - from the end"),
        ]
    }

    static func sort(_ parameters: JSONObject) -> ListSort? {
        parameters["sort"]?.string.map { ListSort(parsing: $0) }
    }

    /// - Parameter name: tells the cursors of different lists from each other.
    static func answer<E: Entity>(
        _ parameters: JSONObject, from source: ListSource<E>, called name: String, in store: Store
    ) async throws(Refusal) -> Answer {
        let cursor = try ListCursor.read(parameters["cursor"]?.string, of: name)
        guard let limit = parameters["limit"]?.number?.int64 else {
            if cursor != nil { throw Refusal([Violation("/cursor", "must stand with a limit")]) }
            return .stream(source.all(in: store))
        }
        do {
            let page = try await source.page(after: cursor, count: Int(limit), in: store)
            return .page(ListPage(entities: page.entities, next: page.next?.text(of: name)))
        } catch {
            throw Refusal(error)
        }
    }
}

/// The entities in an index.
struct IndexList<E: Entity>: Sendable {
    let index: String
    let owner: Field?

    var fields: [Field] { [owner].compactMap(\.self) + ListFields.all(sorts: [ListSort.since]) }

    @Sendable func answer(_ parameters: JSONObject, _ store: Store) async throws(Refusal) -> Answer {
        let value = owner.flatMap { parameters[$0.name]?.plain } ?? ""
        let direction = ListFields.sort(parameters)?.direction ?? .forwards
        let source = ListSource<E>(order: .index(index, value: value), direction: direction, filters: [])
        // Without its owner, an index of many lists is no list.
        if owner != nil, value.isEmpty { return .value([]) }
        return try await ListFields.answer(
            parameters, from: source, called: "\(index) \(value) \(direction)", in: store)
    }
}

/// The list of one kind of entity.
struct EntityLists<E: Entity>: Sendable {
    let filters: [ListFilter]
    let rankings: [(String, Ranking)]

    private typealias Given = (filter: ListFilter, value: String)

    var fields: [Field] { ListFields.all(sorts: sorts) + filters.map(\.field) }

    private var sorts: [String] {
        var sorts = [ListSort.created]
        for name in filters.map(\.order) + rankings.map(\.0) where !sorts.contains(name) { sorts.append(name) }
        return sorts
    }

    @Sendable func answer(_ parameters: JSONObject, _ store: Store) async throws(Refusal) -> Answer {
        let given: [Given] = filters.compactMap { filter in
            parameters[filter.field.name]?.plain.map { (filter, $0) }
        }
        let sort = ListFields.sort(parameters)
        if let single = given.first(where: \.filter.isUnique) {
            return try await one(single, given, hasLimit: parameters["limit"] != nil, in: store)
        }
        let source = try await source(given, sort, store)
        let name = given.map { "\($0.filter.field.name)=\($0.value)" } + [sort?.text ?? ""]
        return try await ListFields.answer(
            parameters, from: source, called: "\(E.topic) \(name.joined(separator: " "))", in: store)
    }

    /// The one that has a value, if it is as the other filters want it.
    private func one(
        _ single: Given, _ given: [Given], hasLimit: Bool, in store: Store
    ) async throws(Refusal) -> Answer {
        guard case .unique(let index) = single.filter.source else { return .value([]) }
        let state: EntityState?
        do { state = try await store.load([.unique(index, single.value)]).first ?? nil } catch {
            throw Refusal(error)
        }
        let entity = state.flatMap { $0.exists ? $0.decoded() : nil }
        let isPicked = given.allSatisfy { $0.filter.picks(entity, $0.value) }
        let page = ListPage(entities: isPicked ? [state].compactMap(\.self) : [], next: nil)
        return hasLimit ? .page(page) : .text(page.array)
    }

    /// One filter narrows by its index: the first that is sorted as it is wanted. What it leaves is looked at for the
    /// others.
    private func source(
        _ given: [Given], _ sort: ListSort?, _ store: Store
    ) async throws(Refusal) -> ListSource<E> {
        let direction = sort?.direction ?? .forwards
        guard !given.isEmpty else {
            return ListSource(order: try order(of: sort), direction: direction, filters: [])
        }
        guard let first = given.first(where: { sort == nil || $0.filter.order == sort?.name }) else {
            let names = ListSort.words(for: given.map(\.filter.order))
            let filters = given.map(\.filter.field.name).joined(separator: " and ")
            throw Refusal(
                [Violation("/sort", "must be one of \(names.joined(separator: ", ")) where \(filters) picks")])
        }
        return ListSource(order: try await order(of: first, store), direction: direction, filters: given)
    }

    private func order(of sort: ListSort?) throws(Refusal) -> ListSource<E>.Order {
        guard let sort, sort.name != ListSort.created else { return .births }
        if let ranking = rankings.first(where: { $0.0 == sort.name }) { return .ranking(ranking.1) }
        let names = filters.filter { $0.order == sort.name }.map(\.field.name).joined(separator: " or ")
        throw Refusal([Violation("/sort", "must not be \(sort.name) where \(names) does not pick")])
    }

    private func order(of given: Given, _ store: Store) async throws(Refusal) -> ListSource<E>.Order {
        switch given.filter.source {
        case .unique: return .births
        case .index(_, let place):
            let place = place(given.value)
            return .index(place.index, value: place.value)
        case .hashed(let topic):
            let name = given.filter.field.name
            do {
                return .index("\(topic).\(name)", value: try await store.hash(of: given.value, topic, name))
            } catch { throw Refusal(error) }
        }
    }
}
