import EventStore

/// What a list is read from, a page at a time.
struct ListSource<E: Entity>: Sendable {
    enum Order: Sendable {
        /// In the order in which they came to be.
        case births
        case index(String, value: String)
        case ranking(Ranking)
    }

    let order: Order
    let direction: Direction
    /// What else must be so.
    let filters: [(filter: ListFilter, value: String)]

    /// Fewer than the count where some do not belong into the list: so a page costs no more than it may have.
    func page(
        after cursor: ListCursor?, count: Int, in store: Store
    ) async throws(StoreError) -> (entities: [EntityState], next: ListCursor?) {
        let page = try await unfiltered(after: cursor, count, store)
        let entities = page.entities.filter(\.exists)
        if filters.isEmpty { return (entities, page.next) }
        let picked = entities.filter { state in
            let entity = state.decoded()
            return filters.allSatisfy { $0.filter.picks(entity, $0.value) }
        }
        return (picked, page.next)
    }

    private func unfiltered(
        after cursor: ListCursor?, _ count: Int, _ store: Store
    ) async throws(StoreError) -> (entities: [EntityState], next: ListCursor?) {
        switch order {
        case .births:
            let page = try await store.list(E.definition, after: cursor?.event, direction, count: count)
            return (page.entities, page.next.map { .birth($0) })
        case .index(let index, let value):
            let page = try await store.page(
                of: index, value: value, after: cursor?.index, direction, count: count)
            return (try await load(page.ids, store), page.next.map { .place($0) })
        case .ranking(let ranking):
            let page = try await store.page(of: ranking, after: cursor?.rank, direction, count: count)
            return (try await load(page.ids, store), page.next.map { .ranked($0) })
        }
    }

    private func load(_ ids: [String], _ store: Store) async throws(StoreError) -> [EntityState] {
        try await store.load(ids.map { .id(E.topic, $0) }).compactMap(\.self)
    }

    /// All of it as one JSON array, never more than a page in memory.
    func all(in store: Store) -> JSONChunks {
        .array { (cursor: ListCursor?) in
            let page = try await page(after: cursor, count: 500, in: store)
            return (page.entities.map(\.entity), page.next)
        }
    }
}

extension ListCursor {
    fileprivate var event: EventID? {
        if case .birth(let event) = self { event } else { nil }
    }

    fileprivate var index: UInt64? {
        if case .place(let place) = self { place } else { nil }
    }

    fileprivate var rank: RankedPlace? {
        if case .ranked(let place) = self { place } else { nil }
    }
}
