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
    private let progress: @Sendable (VerifyProgress) -> Void
    private var tally: VerifyTally
    private var last: FingerprintTable<Last>
    private var part: (number: UInt64, of: UInt64) = (0, 1)
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
        checker = EntityChecker(store: store, topic: topic.topic, isMending: isMending)
        tally = VerifyTally(topic.topic.name)
        last = Self.table(0)
    }

    mutating func run() async throws(StoreError) -> VerifyTally {
        let end = try await store.lastID(of: topic)
        let births = try await store.lengths([
            store.keys.stream(topic.birthStream), store.keys.snapshot(topic.topic),
        ])
        let entities = births.reduce(0, +)
        let parts = entities / maxEntities + 1
        if checker.isMending { try await store.noteUnfinished(topic.topic) }
        for number in 0..<parts {
            part = (UInt64(number), UInt64(parts))
            last = Self.table(entities / parts)
            try await runPart(upTo: end)
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
    private mutating func runPart(upTo end: EventID) async throws(StoreError) {
        let others = topic.actions.filter { $0 != topic.birth }.map { FoldSource.stream($0) }
        for source in others + [.snapshot] { try await walk(source, upTo: end, comparing: false) }
        try await takeUnborn(comparing: false)
        for source in [.stream(topic.birth)] + others + [.snapshot] {
            try await walk(source, upTo: end, comparing: true)
        }
        try await takeUnborn(comparing: true)
        try await findStrays()
    }

    // MARK: Events

    private mutating func walk(
        _ source: FoldSource, upTo end: EventID, comparing isComparing: Bool
    ) async throws(StoreError) {
        // A snapshot is in the order of births, and may know of later events.
        let end = source == .snapshot ? EventID(seconds: .max, microseconds: .max) : end
        var page = try await store.fold(source, of: topic.topic, after: .zero, upTo: end)
        while true {
            let expectations = learn(page.events, isComparing)
            guard let next = page.next else { return try await check(expectations) }
            let (store, topic, checker, isGlancing) = (store, topic.topic, checker, isGlancing)
            // While Redis compares, the next page comes in.
            let (result, following) = try await both { () async throws(StoreError) in
                try await checker.check(expectations, isGlancing: isGlancing)
            } and: { () async throws(StoreError) in
                try await store.fold(source, of: topic, after: next, upTo: end)
            }
            note(result)
            self.isGlancing = result.suspects <= expectations.count / 2
            page = following
        }
    }

    /// Entities without a first event stand in a hash of the snapshot: there are few or none.
    private mutating func takeUnborn(comparing isComparing: Bool) async throws(StoreError) {
        let key = store.keys.snapshotPairs(topic.topic)[2]
        var pages = ScannedKey(.hash, key)
        while let words = try await pages.next(in: store) {
            let events = stride(from: 0, to: words.count - 1, by: 2).compactMap { index in
                FoldedEvent(unborn: words[index], words[index + 1])
            }
            try await check(learn(events, isComparing))
        }
    }

    /// - Returns: what must be kept of those whose last event has come up.
    private mutating func learn(_ page: [FoldedEvent], _ isComparing: Bool) -> [EntityExpectation] {
        events += page.count
        progress(VerifyProgress(name: topic.topic.name, events: events))
        var expectations: [EntityExpectation] = []
        for event in page {
            let name = Fingerprint(event.entityID)
            guard name.high % part.of == part.number else { continue }
            if let known = last[name], known.event > event.id || known.event == event.id && known.isChecked {
                continue
            }
            last[name] = Last(event.id, isDeleted: event.isDeleted, isChecked: isComparing)
            if isComparing, let expectation = checker.expectation(of: event) { expectations.append(expectation) }
        }
        return expectations
    }

    private mutating func check(_ expectations: [EntityExpectation]) async throws(StoreError) {
        note(try await checker.check(expectations))
    }

    private mutating func note(_ result: EntityChecker.Result) {
        for difference in result.differences { tally.note(difference, isMended: checker.isMending) }
        tally.unsettled += result.unsettled
    }

    // MARK: What no event speaks of

    private mutating func findStrays() async throws(StoreError) {
        let keys = store.keys
        var members = ScannedKey(.set, keys.entityIDs(topic.topic))
        while let ids = try await members.next(in: store) { try await checkUnknown(ids) }
        var revisions = ScannedKey(.hash, keys.revisions(topic.topic))
        while let words = try await revisions.next(in: store) {
            try await checkUnknown(stride(from: 0, to: words.count - 1, by: 2).map { words[$0] })
        }
        var all = ScannedKey(.keys(beginning: "\(keys.prefix)\(topic.topic)_"), "")
        while let found = try await all.next(in: store) { try await checkKeys(found) }
    }

    private mutating func checkUnknown(_ ids: [String]) async throws(StoreError) {
        let unknown = ids.filter { isUnknown(Fingerprint($0)) }
        // Noted, so that nobody is told of twice.
        for id in unknown { last[Fingerprint(id)] = Last(.zero, isDeleted: true, isChecked: true) }
        try await check(unknown.map { EntityExpectation(nothingOf: $0) })
    }

    private func isUnknown(_ name: Fingerprint) -> Bool {
        name.high % part.of == part.number && last[name] == nil
    }

    /// A key of a property is only judged where the id is one of this topic: the topic `order` must not take what
    /// belongs to a topic `order_line` that is not known here.
    private mutating func checkKeys(_ found: [String]) async throws(StoreError) {
        let keys = store.keys
        let entities = keys.entity(topic.topic, "")
        let own = found.filter { isOwn($0) }
        try await checkUnknown(own.filter { $0.hasPrefix(entities) }.map { String($0.dropFirst(entities.count)) })
        let start = "\(keys.prefix)\(topic.topic)_".count
        let properties = own.filter { !$0.hasPrefix(entities) }.compactMap { key -> EntityChecker.PropertyKey? in
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
    private func isOwn(_ key: String) -> Bool {
        !store.topics.contains { other in
            other.topic.name.hasPrefix(topic.topic.name + "_")
                && key.hasPrefix("\(store.keys.prefix)\(other.topic)_")
        }
    }
}
