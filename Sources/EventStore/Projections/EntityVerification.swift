import NIOCore
import Redis

/// Folds the events of one topic afresh and compares, and where asked to puts right, what is kept of its entities:
/// revisions, the set of ids, the cache.
///
/// Nothing that is kept is believed, least of all the revisions: the last event of every entity is found by reading
/// all events. Of them no more than 32 bytes an entity are held, with a third of that for room between them. Where
/// there are more than `maxEntities`, they are taken a part at a time, and the streams read again for each. Entities
/// that change meanwhile are compared with their new events; those that come meanwhile are left to the steps that
/// make them.
struct EntityVerification {
    /// The last event of an entity that has been read so far, in 16 bytes.
    private struct Last {
        private let seconds: UInt64
        private let rest: UInt64

        /// - Parameter isChecked: whether what is kept has been compared with it.
        init(_ event: EventID, isDeleted: Bool, isChecked: Bool) {
            seconds = event.seconds
            rest = event.microseconds << 2 | (isDeleted ? 2 : 0) | (isChecked ? 1 : 0)
        }

        var event: EventID { EventID(seconds: seconds, microseconds: rest >> 2) }
        var isDeleted: Bool { rest & 2 != 0 }
        var isChecked: Bool { rest & 1 != 0 }
    }

    /// Where there are more entities, they are taken a part at a time.
    var maxEntities = 1_500_000
    private let store: Store
    private let topic: TopicDefinition
    private let checker: EntityChecker
    /// The beginnings of the keys of topics whose names begin as this one's does.
    private let longerTopics: [ByteBuffer]
    private let progress: @Sendable (VerifyProgress) -> Void
    private var tally: VerifyTally
    private var last: FingerprintTable<Last>
    private var part: (number: UInt64, of: UInt64) = (0, 1)
    private var end = EventID.zero
    private var events = 0
    /// False while most of what is compared is wrong, as where a cache is gone.
    private var isGlancing = true

    init(
        _ topic: TopicDefinition, in store: Store, isMending: Bool,
        progress: @escaping @Sendable (VerifyProgress) -> Void
    ) {
        self.store = store
        self.topic = topic
        self.progress = progress
        longerTopics = store.topics.map(\.topic.name).filter { $0.hasPrefix("\(topic.topic)_") }
            .map { ByteBuffer(string: "\(store.keys.prefix)\($0)_") }
        checker = EntityChecker(store: store, topic: topic.topic, isMending: isMending)
        tally = VerifyTally(topic.topic.name)
        last = Self.table(0)
    }

    mutating func run() async throws(StoreError) -> VerifyTally {
        end = try await store.lastID(of: topic)
        let births = try await store.lengths([
            store.keys.stream(topic.birthStream), store.keys.snapshot(topic.topic),
        ])
        let entities = births.reduce(0, +)
        let parts = entities / maxEntities + 1
        if checker.isMending { try await store.noteUnfinished(topic.topic) }
        for number in 0..<parts {
            part = (UInt64(number), UInt64(parts))
            last = Self.table(entities / parts)
            try await runPart()
            tally.checked += last.all.count { !$0.isDeleted }
        }
        if checker.isMending { try await store.noteFinished(topic.topic) }
        return tally
    }

    private static func table(_ capacity: Int) -> FingerprintTable<Last> {
        FingerprintTable(capacity: capacity, empty: Last(.zero, isDeleted: true, isChecked: false))
    }

    /// The births come last to learn and first to compare, in one go: most entities have no other event. The snapshot
    /// is compared behind the streams, as it has what is trimmed from them meanwhile.
    private mutating func runPart() async throws(StoreError) {
        let others = topic.actions.filter { $0 != topic.birth }.map { FoldSource.stream($0) }
        for source in others + [.snapshot] { try await walk(source, comparing: false) }
        try await takeUnborn(comparing: false)
        for source in [.stream(topic.birth)] + others + [.snapshot] {
            try await walk(source, comparing: true)
        }
        try await takeUnborn(comparing: true)
        try await findStrays()
    }

    // MARK: Events

    /// Pages are read one behind the other; up to `maxChecks` of those before are compared meanwhile.
    private mutating func walk(
        _ source: FoldSource, comparing isComparing: Bool
    ) async throws(StoreError) {
        // A snapshot is in the order of births, and may know of later events.
        let end = source == .snapshot ? EventID(seconds: .max, microseconds: .max) : self.end
        let checker = checker
        let outcome = await withTaskGroup(of: Checked.self, returning: Checked.self) { group in
            await result { () async throws(StoreError) in
                var running = 0
                var position: EventID? = .zero
                while let start = position {
                    let page = try await store.fold(source, of: topic.topic, after: start, upTo: end)
                    position = page.next
                    let latest = learn(page.events, isComparing)
                    if latest.isEmpty { continue }
                    if running == Self.maxChecks, let checked = await group.next() { note(try checked.get()) }
                    running = min(running + 1, Self.maxChecks)
                    group.addTask { [isGlancing] in await checker.checked(latest, isGlancing: isGlancing) }
                }
                while let checked = await group.next() { note(try checked.get()) }
                return EntityChecker.Result()
            }
        }
        _ = try outcome.get()
    }

    private typealias Checked = Result<EntityChecker.Result, StoreError>
    private static let maxChecks = 3

    /// Entities without a first event stand in a hash of the snapshot: there are few or none.
    private mutating func takeUnborn(comparing isComparing: Bool) async throws(StoreError) {
        let key = store.keys.snapshotPairs(topic.topic)[2]
        var pages = ScannedKey(.hash, key)
        while let words = try await pages.next(in: store)?.map({ String(buffer: $0) }) {
            let events = stride(from: 0, to: words.count - 1, by: 2).compactMap { index in
                store.folded(unborn: words[index], words[index + 1], of: topic.topic)
            }
            note(try await checker.check(learn(events, isComparing)))
        }
    }

    /// - Returns: the last events of entities, which are to be compared.
    private mutating func learn(_ page: [FoldedEvent], _ isComparing: Bool) -> [FoldedEvent] {
        events += page.count
        progress(VerifyProgress(name: topic.topic.name, events: events))
        var latest: [FoldedEvent] = []
        for event in page {
            let name = Fingerprint(event.entityID)
            guard name.high % part.of == part.number else { continue }
            if let known = last[name], known.event > event.id || known.event == event.id && known.isChecked {
                continue
            }
            last[name] = Last(event.id, isDeleted: event.isDeleted, isChecked: isComparing)
            if isComparing { latest.append(event) }
        }
        return latest
    }

    private mutating func note(_ result: EntityChecker.Result) {
        for difference in result.differences { tally.note(difference, isMended: checker.isMending) }
        tally.unsettled += result.unsettled
        isGlancing = result.suspects <= result.count / 2
    }

    // MARK: What no event speaks of

    private mutating func findStrays() async throws(StoreError) {
        let (store, keys) = (store, store.keys)
        if try await !isAllThatIsKept() {
            try await ScannedKey(.set, keys.entityIDs(topic.topic)).forEachPage(in: store) {
                ids throws(StoreError) in
                try await checkUnknown(ids)
            }
            try await ScannedKey(.hash, keys.revisions(topic.topic)).forEachPage(in: store) {
                words throws(StoreError) in
                try await checkUnknown(stride(from: 0, to: words.count - 1, by: 2).map { words[$0] })
            }
        }
        let all = ScannedKey(.keys(beginning: "\(keys.prefix)\(topic.topic)_"), "")
        try await all.forEachPage(in: store) { found throws(StoreError) in try await checkKeys(found) }
    }

    /// Whether the set and the revisions must be without strays: everything that has to be in them is, they are no
    /// larger than that, and nothing has happened meanwhile.
    private func isAllThatIsKept() async throws(StoreError) -> Bool {
        if tally.differences > tally.mended || tally.unsettled > 0 || part.of > 1 { return false }
        let look = try await store.moment([
            ["SCARD", store.keys.entityIDs(topic.topic)], ["HLEN", store.keys.revisions(topic.topic)],
        ])
        guard try await store.lastID(of: topic) == end, let sizes = look.replies?.map(\.int) else { return false }
        return sizes == [Int64(last.all.count { !$0.isDeleted }), Int64(last.count)]
    }

    private mutating func checkUnknown(_ ids: [ByteBuffer]) async throws(StoreError) {
        let unknown = ids.filter { isUnknown(Fingerprint($0)) }
        if unknown.isEmpty { return }
        // Noted, so that nobody is told of twice.
        for id in unknown { last[Fingerprint(id)] = Last(.zero, isDeleted: true, isChecked: true) }
        note(try await checker.check(unknown.map { EntityExpectation(nothingOf: String(buffer: $0)) }))
    }

    private func isUnknown(_ name: Fingerprint) -> Bool {
        name.high % part.of == part.number && last[name] == nil
    }

    /// A key of a property is only judged where the id is one of this topic: the topic `order` must not take what
    /// belongs to a topic `order_line` that is not known here.
    private mutating func checkKeys(_ found: [ByteBuffer]) async throws(StoreError) {
        let opening = ByteBuffer(string: store.keys.entity(topic.topic, ""))
        var ids: [ByteBuffer] = []
        var others: [String] = []
        for key in found where isOwn(key) {
            if let id = key.dropping(opening) { ids.append(id) } else { others.append(String(buffer: key)) }
        }
        try await checkUnknown(ids)
        let start = "\(store.keys.prefix)\(topic.topic)_".count
        let properties = others.compactMap { key -> EntityChecker.PropertyKey? in
            let words = key.dropFirst(start).split(separator: ":", maxSplits: 1)
            guard words.count == 2, isKnown(String(words[1])) else { return nil }
            return .init(key: key, property: String(words[0]), id: String(words[1]))
        }
        for key in try await checker.strays(among: properties) {
            tally.note(Difference(.extra, key), isMended: checker.isMending)
        }
    }

    private func isKnown(_ id: String) -> Bool { last[Fingerprint(id)].map { $0.event > .zero } ?? false }

    /// Whether no other topic's name makes a better beginning of the key.
    private func isOwn(_ key: ByteBuffer) -> Bool { !longerTopics.contains { key.dropping($0) != nil } }
}

extension ByteBuffer {
    /// What stands behind a beginning; nil where it begins otherwise.
    fileprivate func dropping(_ beginning: ByteBuffer) -> ByteBuffer? {
        let count = beginning.readableBytes
        guard readableBytes >= count, getSlice(at: readerIndex, length: count) == beginning else { return nil }
        return getSlice(at: readerIndex + count, length: readableBytes - count)
    }
}
