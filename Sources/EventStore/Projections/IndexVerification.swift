import NIOCore
import Redis

/// Folds the events of all read models afresh and compares, and where asked to puts right, the indexes.
///
/// An entry has no revision to tell whether it is just changing. So every look at the indexes says where the shop's
/// clock stood, and is compared with what the events up to just there make of them; and what is put right is written
/// under the condition that the clock still stands there, else the fold follows and it is tried again.
struct IndexVerification {
    private let store: Store
    private let isMending: Bool
    private let names: Set<String>?
    private let progress: @Sendable (VerifyProgress) -> Void
    private var fold: IndexFold
    private var expected: ExpectedIndexes
    private var tally = VerifyTally("indexes")
    private var events = 0
    /// Of what came into an index up to here, the events may have been trimmed: nobody can say since when it is in it,
    /// nor whether it should be.
    private var cut: UInt64 = 0

    /// Each attempt takes less than a millisecond, so events would have to come without any pause.
    private static let maxAttempts = 1_000
    private static let batchSize = 200

    /// - Parameter names: the read models to compare; nil: all of them.
    init(
        in store: Store, isMending: Bool, of names: Set<String>? = nil,
        progress: @escaping @Sendable (VerifyProgress) -> Void
    ) async throws(StoreError) {
        self.store = store
        self.names = names
        self.isMending = isMending
        self.progress = progress
        fold = try await IndexFold(store, names)
        expected = ExpectedIndexes(store.keys)
    }

    mutating func run() async throws(StoreError) -> VerifyTally {
        cut = try await store.retentionCut()?.score ?? 0
        try await follow(to: try await store.moment([]).clock)
        for index in expected.uniques { try await scan(.unique, .hash, [store.keys.unique(index)]) }
        for ranking in expected.rankings { try await scan(.ranking, .sortedSet, [store.keys.ranking(ranking)]) }
        var all = ScannedKey(.keys(beginning: store.keys.index("", "")), "")
        while let keys = try await all.next(in: store) {
            try await scan(.index, .sortedSet, keys.map { String(buffer: $0) }.filter { isOfIndex($0) })
        }
        for sequence in expected.sequences { try await check(sequence) }
        if expected.unseen > 0 { try await nameUnseen() }
        tally.checked = expected.count
        return tally
    }

    private mutating func follow(to clock: EventID) async throws(StoreError) {
        while let steps = try await fold.next(upTo: clock) {
            for step in steps { expected.apply(step) }
            events += steps.count
            progress(VerifyProgress(name: "indexes", events: events))
        }
    }

    /// `ordershop:index:NAME` or `ordershop:index:NAME:VALUE`.
    private func isOfIndex(_ key: String) -> Bool {
        let name = key.dropFirst(store.keys.index("", "").count).prefix { $0 != ":" }
        return expected.names.contains(String(name))
    }

    // MARK: What is there

    private mutating func scan(
        _ kind: IndexPoint.Kind, _ type: ScannedKey.Kind, _ keys: [String]
    ) async throws(StoreError) {
        for start in stride(from: 0, to: keys.count, by: 50) {
            var open = keys[start..<min(start + 50, keys.count)].map { ($0, ScannedKey(type, $0)) }
            while !open.isEmpty { open = try await scanOnce(kind, open) }
        }
    }

    /// - Returns: the keys that have more pages.
    private mutating func scanOnce(
        _ kind: IndexPoint.Kind, _ open: [(key: String, pages: ScannedKey)]
    ) async throws(StoreError) -> [(key: String, pages: ScannedKey)] {
        let look = try await store.moment(open.compactMap(\.pages.words))
        try await follow(to: look.clock)
        var extras: [(point: IndexPoint, found: String)] = []
        var more: [(key: String, pages: ScannedKey)] = []
        for ((key, pages), reply) in zip(open, look.replies ?? []) {
            if case .error = reply {
                try await noteType(of: key, kind)
                continue
            }
            var pages = pages
            extras += judge(kind, key, try pages.take(reply).map { String(buffer: $0) })
            if !pages.isAtEnd { more.append((key, pages)) }
        }
        for (point, found) in extras {
            tally.note(Difference(.extra, point.key, field: point.member, found: found), isMended: isMending)
        }
        if isMending { try await mend(extras.map(\.point)) }
        return more
    }

    /// - Returns: what must not be there. What is there otherwise than it must be is left to be named.
    private mutating func judge(
        _ kind: IndexPoint.Kind, _ key: String, _ words: [String]
    ) -> [(point: IndexPoint, found: String)] {
        var extras: [(point: IndexPoint, found: String)] = []
        for index in stride(from: 0, to: words.count - 1, by: 2) {
            let point = IndexPoint(kind: kind, key: key, member: words[index])
            let found = words[index + 1]
            if let entry = expected[point] {
                if isRight(kind, entry, found) { expected.see(point) }
            } else if kind != .index || score(found) > cut {
                extras.append((point, kind == .index ? EventID(score: score(found)).description : found))
            }
        }
        return extras
    }

    private func isRight(_ kind: IndexPoint.Kind, _ entry: ExpectedIndexes.Entry, _ found: String) -> Bool {
        switch kind {
        case .unique: entry.isHolder(found)
        case .ranking: entry.score == score(found)
        case .index: entry.score == score(found) || entry.score <= cut && score(found) <= cut
        // Ahead of all that is known of: the numbers of what is gone stay used.
        case .sequence: UInt64(found).map { $0 >= entry.number } ?? false
        }
    }

    private func score(_ text: String) -> UInt64 { Double(text).flatMap { UInt64(exactly: $0) } ?? .max }

    private mutating func noteType(of key: String, _ kind: IndexPoint.Kind) async throws(StoreError) {
        let type = try await store.send(RedisCommand("TYPE", key)).string ?? "none"
        tally.note(
            Difference(.differing, key, expected: kind.description, found: "a \(type)"), isMended: isMending)
        if isMending { _ = try await store.send(RedisCommand("DEL", key)) }
    }

    // MARK: Sequences

    private mutating func check(_ sequence: NumberSequence) async throws(StoreError) {
        let point = IndexPoint.last(of: sequence, store.keys)
        let look = try await store.moment([point.reading])
        try await follow(to: look.clock)
        expected.see(point)
        guard let entry = expected[point], let found = look.replies?.first else { return }
        if case .error = found {
            try await noteType(of: point.key, .sequence)
        } else if found.string.map({ isRight(.sequence, entry, $0) }) ?? false {
            return
        } else {
            note(point, entry, found.string)
        }
        if isMending { try await mend([point]) }
    }

    // MARK: What is not there

    /// What must be there is only known by its fingerprint, so the events are folded once more to name what was not
    /// found.
    private mutating func nameUnseen() async throws(StoreError) {
        let end = fold.position
        var walk = try await IndexFold(store, names)
        var points: [IndexPoint] = []
        while let steps = try await walk.next(upTo: end) {
            for step in steps {
                guard let point = step.write.point(store.keys), expected.isDecided(by: step, point),
                    expected[point]?.isSeen == false
                else { continue }
                expected.see(point)
                points.append(point)
            }
            guard points.count >= Self.batchSize else { continue }
            try await judge(points)
            points = []
        }
        try await judge(points)
    }

    private mutating func judge(_ points: [IndexPoint]) async throws(StoreError) {
        for start in stride(from: 0, to: points.count, by: Self.batchSize) {
            let batch = points[start..<min(start + Self.batchSize, points.count)]
            let look = try await store.moment(batch.map(\.reading))
            try await follow(to: look.clock)
            var wrong: [IndexPoint] = []
            for (point, reply) in zip(batch, look.replies ?? []) {
                // By the step of a later event it may be another entry already, and is right then.
                guard let entry = expected[point], point.holder.map({ entry.isHolder($0) }) ?? true,
                    reply.string.map({ !isRight(point.kind, entry, $0) }) ?? true
                else { continue }
                wrong.append(point)
                note(point, entry, reply.string)
            }
            if isMending { try await mend(wrong) }
        }
    }

    private mutating func note(_ point: IndexPoint, _ entry: ExpectedIndexes.Entry, _ found: String?) {
        let isIndex = point.kind == .index
        let expected =
            switch point.kind {
            case .index: EventID(score: entry.score).description
            case .ranking: String(entry.score)
            case .unique: point.holder
            case .sequence: String(entry.number)
            }
        let difference = Difference(
            point.key, point.kind == .sequence ? nil : point.member, expected: expected,
            found: isIndex ? found.map { EventID(score: score($0)).description } : found)
        tally.note(difference, isMended: isMending)
    }

    // MARK: Mending

    private mutating func mend(_ points: [IndexPoint]) async throws(StoreError) {
        for _ in 0..<Self.maxAttempts {
            let commands = points.compactMap { mending($0) }
            if commands.isEmpty { return }
            let step = try await store.moment(commands, at: fold.position)
            if let replies = step.replies {
                for case .error(let error) in replies { throw StoreError(error) }
                return
            }
            try await follow(to: step.clock)
        }
        tally.unsettled += points.count
    }

    /// nil where a later step has written the entry.
    private func mending(_ point: IndexPoint) -> [String]? {
        let entry = expected[point]
        switch point.kind {
        case .index, .ranking:
            return entry.map { ["ZADD", point.key, String($0.score), point.member] } ?? [
                "ZREM", point.key, point.member,
            ]
        case .unique:
            guard let entry else { return ["HDEL", point.key, point.member] }
            guard let holder = point.holder, entry.isHolder(holder) else { return nil }
            return ["HSET", point.key, point.member, holder]
        case .sequence: return entry.map { ["SET", point.key, String($0.number)] }
        }
    }
}

extension IndexPoint {
    fileprivate var reading: [String] {
        switch kind {
        case .index, .ranking: ["ZSCORE", key, member]
        case .unique: ["HGET", key, member]
        case .sequence: ["GET", key]
        }
    }
}

extension IndexPoint.Kind: CustomStringConvertible {

    var description: String {
        switch self {
        case .index, .ranking: "a sorted set"
        case .unique: "a hash"
        case .sequence: "a string"
        }
    }
}
