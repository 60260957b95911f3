/// Several sources, each in the order of the shop, read as one: a page of each at a time, so that memory is bounded.
struct MergedPages<Source: Hashable & Sendable, Element: Sendable> {
    private struct Cursor {
        var page: ArraySlice<Element> = []
        var position = EventID.zero
        var isAtEnd = false
    }

    private var cursors: [Source: Cursor]
    private let id: @Sendable (Element) -> EventID
    private let count: Int

    init(_ sources: [Source], count: Int, id: @escaping @Sendable (Element) -> EventID) {
        cursors = Dictionary(uniqueKeysWithValues: sources.map { ($0, Cursor()) })
        self.count = count
        self.id = id
    }

    /// The sources that must be read on, with the place to go on behind.
    var wanted: [(source: Source, after: EventID)] {
        cursors.filter { $0.value.page.isEmpty && !$0.value.isAtEnd }.map { ($0.key, $0.value.position) }
    }

    /// - Parameter page: at most `count` elements; fewer are the source's last.
    mutating func add(_ page: [Element], of source: Source) {
        cursors[source] = Cursor(
            page: page[...], position: page.last.map(id) ?? .zero, isAtEnd: page.count < count)
    }

    /// The next elements in order, when all that is wanted has been added. None: that was all.
    mutating func take() -> [Element] {
        let horizon = cursors.values.filter { !$0.isAtEnd }.map(\.position).min()
        var taken: [Element] = []
        for (source, cursor) in cursors {
            let isDue: (Element) -> Bool = { element in horizon.map { id(element) <= $0 } ?? true }
            taken += cursor.page.prefix(while: isDue)
            cursors[source]?.page = cursor.page.drop(while: isDue)
        }
        return taken.sorted { id($0) < id($1) }
    }
}
