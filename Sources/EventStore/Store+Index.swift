import Redis

/// A page of an index.
public struct IndexPage: Sendable {
    public let ids: [String]
    /// Where the next page begins; nil behind the last one.
    public let next: UInt64?
}

/// A place in a ranking: behind it the next page begins.
public struct RankedPlace: Sendable, Hashable {
    public let score: UInt64
    public let member: String

    public init(score: UInt64, member: String) {
        self.score = score
        self.member = member
    }
}

/// A page of a ranking.
public struct RankedPage: Sendable {
    public let ids: [String]
    /// Where the next page begins; nil behind the last one.
    public let next: RankedPlace?
}

public enum Direction: Sendable, Hashable { case forwards, backwards }

extension Store {
    /// The ids in an index, in the order in which they came into it, a page at a time.
    ///
    /// A page goes on behind a place and not behind a count, so that what leaves the index between two pages makes
    /// none that stays be passed over.
    /// - Parameters:
    ///   - value: empty for an index of one list.
    ///   - place: where to go on, from the page before; nil: from the beginning, or backwards from the end.
    ///   - event: only those who were in it before this event.
    /// - Throws: `unavailable` while the index is being built.
    public func page(
        of index: String, value: String = "", after place: UInt64? = nil, before event: EventID? = nil,
        _ direction: Direction = .forwards, count: Int
    ) async throws(StoreError) -> IndexPage {
        try requireWhole(index)
        let place = place.map { "(\($0)" }
        let end = event.map { "(\($0.score)" } ?? "+inf"
        let bounds =
            switch direction {
            case .forwards: [place ?? "-inf", end, "BYSCORE"]
            case .backwards: [place ?? end, "-inf", "BYSCORE", "REV"]
            }
        let reply = try await ask(
            RedisCommand(
                "ZRANGE",
                arguments: [keys.index(index, value)] + bounds + ["LIMIT", "0", String(count), "WITHSCORES"]))
        let fields = (reply.array ?? []).compactMap(\.string)
        let ids = stride(from: 0, to: fields.count - 1, by: 2).map { fields[$0] }
        let last = fields.last.flatMap { Double($0) }.map { UInt64($0) }
        return IndexPage(ids: ids, next: ids.count < count ? nil : last)
    }

    /// How many ids are in an index.
    /// - Throws: `unavailable` while the index is being built.
    public func count(in index: String, value: String = "") async throws(StoreError) -> Int {
        try requireWhole(index)
        return Int(try await ask(RedisCommand("ZCARD", keys.index(index, value))).int ?? 0)
    }

    /// The ids in a ranking, a page at a time.
    /// - Parameter place: where to go on, from the page before, whether or not somebody stands there still.
    /// - Throws: `unavailable` while the ranking is being built.
    public func page(
        of ranking: Ranking, after place: RankedPlace?, _ direction: Direction, count: Int
    ) async throws(StoreError) -> RankedPage {
        try requireWhole(ranking.name)
        let reply = try await ask(scripts.ranked) { command in
            command.append(keys.ranking(ranking.name))
            command.append(direction == .forwards ? "1" : "0")
            command.append(count)
            if let place {
                command.append(String(place.score))
                command.append(place.member)
            }
        }
        guard let words = reply.array?.compactMap(\.string), words.count.isMultiple(of: 2) else {
            throw unexpected(reply)
        }
        let members = stride(from: 0, to: words.count, by: 2).map { words[$0] }
        let last = members.last.flatMap { member in
            Double(words[words.count - 1]).map { RankedPlace(score: UInt64($0), member: member) }
        }
        return RankedPage(
            ids: ranking.order == .number ? members : members.map(RankedText.id),
            next: members.count < count ? nil : last)
    }
}
