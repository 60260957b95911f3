import Redis

extension Store {
    /// nil where there is none.
    public func feed(_ name: String) async throws(StoreError) -> Feed? {
        let keys = keys.feed(name)
        let replies = try await ask([
            RedisCommand("HGETALL", keys.state), RedisCommand("ZRANGE", keys.held, "0", "-1"),
            RedisCommand("ZRANGE", keys.log, "0", "-1"),
        ])
        let state = replies[0].pairs
        guard !state.isEmpty else { return nil }
        let notes = state.filter { StreamKey(parsing: $0.name) == nil }
        return Feed(
            positions: feedPositions(state), notes: Dictionary(notes.map { ($0.name, $0.value) }) { $1 },
            held: try await feedEntries(Self.ids(in: replies[1]), of: name), log: Self.ids(in: replies[2]))
    }

    /// How far feeds are, and what is noted of them, in one round trip; nil for those that there are not.
    public func feedNotes(
        _ names: [String]
    ) async throws(StoreError) -> [(positions: [StreamKey: EventID], notes: [String: String], held: Int)?] {
        let replies = try await ask(
            names.flatMap { name in
                let keys = keys.feed(name)
                return [RedisCommand("HGETALL", keys.state), RedisCommand("ZCARD", keys.held)]
            })
        return names.indices.map { index in
            let state = replies[2 * index].pairs
            if state.isEmpty { return nil }
            let notes = state.filter { StreamKey(parsing: $0.name) == nil }
            return (
                feedPositions(state), Dictionary(notes.map { ($0.name, $0.value) }) { $1 },
                Int(replies[2 * index + 1].int ?? 0)
            )
        }
    }

    /// Everything that is known of a feed's events: those that are kept back, first events first, then those that have
    /// ended, last ends first.
    public func feedEntries(_ name: String) async throws(StoreError) -> (held: [Feed.Entry], ended: [Feed.Entry]) {
        let keys = keys.feed(name)
        let replies = try await ask([
            RedisCommand("ZRANGE", keys.held, "0", "-1"), RedisCommand("ZRANGE", keys.log, "0", "-1", "REV"),
        ])
        let (held, ended) = (Self.ids(in: replies[0]), Self.ids(in: replies[1]))
        return (try await feedEntries(held, of: name), try await feedEntries(ended, of: name))
    }

    /// What is known of events, those left out of which nothing is.
    public func feedEntries(_ events: [EventID], of name: String) async throws(StoreError) -> [Feed.Entry] {
        var entries: [Feed.Entry] = []
        for start in stride(from: 0, to: events.count, by: 500) {
            let page = events[start..<min(start + 500, events.count)]
            let words = [keys.feed(name).records] + page.map(\.description)
            let records = try await ask(RedisCommand("HMGET", arguments: words)).array ?? []
            entries += zip(page, records).compactMap { event, record in
                record.string.map { Feed.Entry(event: event, record: $0) }
            }
        }
        return entries
    }

    private func feedPositions(_ state: [(name: String, value: String)]) -> [StreamKey: EventID] {
        let pairs = state.compactMap { name, value -> (StreamKey, EventID)? in
            guard let stream = StreamKey(parsing: name), let id = EventID(value) else { return nil }
            return (stream, id)
        }
        return Dictionary(pairs) { $1 }
    }

    private static func ids(in reply: RedisValue) -> [EventID] {
        (reply.array ?? []).compactMap { $0.string.flatMap { EventID($0) } }
    }

    // MARK: Keeping

    /// Notes what has become of a feed, if this daemon still keeps it.
    ///
    /// Where nobody has the lease, because the module is being switched off, what was done is noted all the same.
    public func note(
        _ change: FeedChange, of name: String, under lease: Lease, of module: String
    ) async throws(StoreError) -> FeedOutcome {
        var step = Transaction(
            expectations: [.exists(key: keys.feed(name).state, true)],
            checkpoint: CheckpointMove(module: module, lease: lease, positions: []))
        step.records = change.commands(keys.feed(name))
        var outcome = try await transact(step)
        if outcome == .conflict(.fenced(by: nil)) {
            step.checkpoint = nil
            outcome = try await transact(step)
        }
        return switch outcome {
        case .committed: .committed
        case .conflict(.fenced), .conflict(.checkpoint): .fenced
        case .conflict(.revision), .conflict(.taken), .conflict(.presence): .closed
        }
    }

    // MARK: Wishes

    /// The events that somebody wants to be told once more, for each of the feeds, in one round trip.
    public func wishes(of names: [String]) async throws(StoreError) -> [[EventID]] {
        try await ask(names.map { RedisCommand("ZRANGE", keys.feed($0).wishes, "0", "99") }).map(Self.ids)
    }

    /// Forgets wishes that are taken in hand.
    public func forgetWishes(_ events: [EventID], of name: String) async throws(StoreError) {
        if events.isEmpty { return }
        let words = [keys.feed(name).wishes] + events.map(\.description)
        _ = try await send(RedisCommand("ZREM", arguments: words))
    }

    // MARK: Places

    /// The event with which an entity came into an index; nil where it is not in it.
    public func place(of id: String, in index: String) async throws(StoreError) -> EventID? {
        let score = try await ask(RedisCommand("ZSCORE", keys.index(index, ""), id)).string.flatMap(Double.init)
        return score.map { EventID(seconds: UInt64($0) / 1_000_000, microseconds: UInt64($0) % 1_000_000) }
    }
}

extension Transaction {
    /// Begins a feed in this step, or notes something of it.
    public mutating func note(_ notes: [String: String?], ofFeed name: String, in store: Store) {
        var change = FeedChange()
        change.notes = notes
        records += change.commands(store.keys.feed(name))
    }

    /// Ends a feed in this step. Nothing is left of it.
    public mutating func closeFeed(_ name: String, in store: Store) {
        let keys = store.keys.feed(name)
        records.append(["DEL", keys.state, keys.held, keys.log, keys.records, keys.wishes])
    }

    /// Asks for an event to be told once more.
    public mutating func wish(for event: EventID, ofFeed name: String, in store: Store) {
        records.append(["ZADD", store.keys.feed(name).wishes, String(event.score), event.description])
    }
}

extension FeedChange {
    fileprivate func commands(_ keys: Keyspace.FeedKeys) -> [[String]] {
        positions.map { stream, id in
            id.map { ["HSET", keys.state, stream.description, $0.description] }
                ?? ["HDEL", keys.state, stream.description]
        }
            + notes.map { name, text in
                text.map { ["HSET", keys.state, name, $0] } ?? ["HDEL", keys.state, name]
            }
            + entries.flatMap { event, place in Self.commands(event, place, keys) }
    }

    private static func commands(_ event: EventID, _ place: Place, _ keys: Keyspace.FeedKeys) -> [[String]] {
        let (id, score) = (event.description, String(event.score))
        switch place {
        case .held(let record):
            return [["ZADD", keys.held, score, id], ["ZREM", keys.log, id], ["HSET", keys.records, id, record]]
        case .ended(let record, let end):
            return [
                ["ZREM", keys.held, id], ["ZADD", keys.log, String(end.score), id],
                ["HSET", keys.records, id, record],
            ]
        case .forgotten: return [["ZREM", keys.log, id], ["HDEL", keys.records, id]]
        }
    }
}
