public import EventStore
import Glibc
public import Logging

/// What a trimming did, or would do.
public struct RetentionReport: Sendable {
    /// The last event that is gone; nil where there was nothing to trim.
    public var cut: EventID?
    /// How many events were archived.
    public var events = 0
    public var archive: ArchiveManifest?
    /// How many events an earlier trimming, which was cut off, had left to be trimmed.
    public var resumed = 0
    /// Who is against it: of a dry run only, as otherwise it is refused.
    public var holders: [RetentionHolder] = []
}

/// Trims a shop's event streams: archives what is old, keeps the state of it in snapshots, and then lets it go.
///
/// Wherever it is cut off, nothing is lost: before the snapshots are switched nothing is trimmed, and afterwards the
/// next one goes on with the trimming. `store` and `directory` may be shared with everything else that goes on.
public struct Retention: Sendable {
    /// What has just been done.
    enum Phase: Sendable, Hashable {
        case locked, archiving, archived, page(Topic), snapshots, switched, trimming(StreamKey), trimmed
    }

    let store: Store
    let shop: String
    public let directory: ArchiveDirectory
    private let logger: Logger
    /// Tests throw here what a crash would be.
    var done: @Sendable (Phase) async throws(StoreError) -> Void = { _ in }

    public init(store: Store, shop: String, directory: ArchiveDirectory, logger: Logger) {
        self.store = store
        self.shop = shop
        self.directory = directory
        self.logger = logger
    }

    /// What `apply` would do now. Nothing is changed.
    public func preview(before: EventID) async throws(ArchiveError) -> RetentionReport {
        try await asking { () async throws(StoreError) in
            var report = RetentionReport()
            guard let cut = try await newCut(before) else { return report }
            report.cut = cut
            report.events = try await store.count(upTo: cut)
            report.holders = try await store.holders(of: cut)
            return report
        }
    }

    /// Trims all events up to `before`, or says who needs them. Goes on first with what was cut off.
    /// - Parameter progress: each event counts twice: when it is archived, and when it is trimmed.
    public func apply(
        before: EventID, progress: @escaping ArchiveProgress = { _, _ in }
    ) async throws(ArchiveError) -> RetentionReport {
        try await store.lockingPast { lock throws(ArchiveError) in try await apply(before, lock, progress) }
    }

    private func apply(
        _ before: EventID, _ lock: RetentionLock, _ progress: @escaping ArchiveProgress
    ) async throws(ArchiveError) -> RetentionReport {
        try await report(.locked)
        var report = RetentionReport()
        report.resumed = try await asking { () async throws(StoreError) in
            var unknown = ProgressCount(of: 0) { _, _ in }
            return try await finishTrimming(lock, &unknown)
        }
        guard let cut = try await asking({ () async throws(StoreError) in try await newCut(before) }) else {
            return report
        }
        let holders = try await asking { () async throws(StoreError) in try await store.holders(of: cut) }
        if !holders.isEmpty { throw .held(cut, by: holders) }
        let events = try await asking { () async throws(StoreError) in try await store.count(upTo: cut) }
        var count = ProgressCount(of: 2 * events, progress)
        let (archive, ends) = try await writeArchive(upTo: cut, lock, &count)
        try await self.report(.archived)
        try await snapshot(upTo: cut, lock)
        try await self.report(.snapshots)
        try await switchOver(cut, archive, ends, lock)
        _ = try await asking { () async throws(StoreError) in
            try await done(.switched)
            return try await finishTrimming(lock, &count)
        }
        (report.cut, report.events, report.archive) = (cut, archive.events, archive)
        return report
    }

    private func report(_ phase: Phase) async throws(ArchiveError) {
        do { try await done(phase) } catch { throw ArchiveError(error) }
    }

    /// The last event up to `before`, unless it is trimmed already.
    private func newCut(_ before: EventID) async throws(StoreError) -> EventID? {
        guard let last = try await store.lastEvent(upTo: before) else { return nil }
        return try await last > store.retentionCut() ?? .zero ? last : nil
    }

    // MARK: Before the switch

    private func writeArchive(
        upTo cut: EventID, _ lock: RetentionLock, _ count: inout ProgressCount
    ) async throws(ArchiveError) -> (ArchiveManifest, [StreamKey: EventID]) {
        let after = try await asking { () async throws(StoreError) in try await store.retentionCut() } ?? .zero
        let writer = try await directory.writer()
        var events = store.storedEvents(upTo: cut)
        var ends: [StreamKey: EventID] = [:]
        while true {
            let page: [StoredEvent]
            do throws(StoreError) { page = try await events.next() } catch { throw ArchiveError(error) }
            if page.isEmpty { break }
            try await writer.append(page)
            for event in page { ends[event.stream] = event.id }
            count.add(page.count)
            try await asking { () async throws(StoreError) in try await store.renew(lock) }
            try await report(.archiving)
        }
        return (try await writer.finish(shop: shop, after: after), ends)
    }

    private func snapshot(upTo cut: EventID, _ lock: RetentionLock) async throws(ArchiveError) {
        for topic in store.topics {
            let report = try await asking { () async throws(StoreError) in
                try await store.buildSnapshot(of: topic, upTo: cut, lock) { () async throws(StoreError) in
                    try await done(.page(topic.topic))
                }
            }
            if report.missing > 0 {
                logger.warning(
                    "entities whose last event was gone already are in no snapshot",
                    metadata: ["topic": "\(topic.topic)", "entities": "\(report.missing)"])
            }
        }
    }

    private func switchOver(
        _ cut: EventID, _ archive: ArchiveManifest, _ ends: [StreamKey: EventID], _ lock: RetentionLock
    ) async throws(ArchiveError) {
        let standing = RetentionStanding(
            cut: cut, at: Int64(time(nil)), archive: archive.file, events: archive.events)
        let outcome = try await asking { () async throws(StoreError) in
            try await store.switchSnapshots(lock, standing: standing, lastArchived: ends)
        }
        switch outcome {
        case .done: return
        case .held(let holders): throw .held(cut, by: holders)
        case .changed(let stream):
            throw ArchiveError(
                .changed,
                "another program wrote into \(stream) while it was archived: nothing was trimmed; try again")
        }
    }

    // MARK: Behind it

    /// Trims what is archived and in the snapshots.
    /// - Returns: how many events.
    private func finishTrimming(
        _ lock: RetentionLock, _ progress: inout ProgressCount
    ) async throws(StoreError) -> Int {
        guard let standing = try await store.retention(), !standing.unfinished.isEmpty else { return 0 }
        var count = 0
        for stream in standing.unfinished {
            var isDone = false
            while !isDone {
                let step = try await store.trim(stream, upTo: standing.cut, lock)
                count += step.count
                progress.add(step.count)
                isDone = step.isDone
                try await done(.trimming(stream))
            }
        }
        try await store.noteTrimmed(lock)
        try await done(.trimmed)
        logger.notice(
            "trimmed the event streams",
            metadata: ["cut": "\(standing.cut)", "events": "\(count)", "archive": "\(standing.archive)"])
        return count
    }
}

extension ArchiveError {
    /// Says who, so that the operator need not look.
    static func held(_ cut: EventID, by holders: [RetentionHolder]) -> ArchiveError {
        let reasons = holders.map(\.description).joined(separator: "; ")
        return ArchiveError(
            .held(holders),
            "events up to \(cut) are still needed: \(reasons). Let the module handle them (or retry or discard what is "
                + "parked), or trim less")
    }
}

extension RetentionHolder: CustomStringConvertible {
    /// "crm waits at the beginning of events:{order}_created, 12 events to go".
    public var description: String {
        let count = self.count >= Store.retentionCountLimit ? "at least \(self.count)" : "\(self.count)"
        switch reason {
        case .behind(let stream, let checkpoint?):
            return "\(module) has handled \(stream) up to \(checkpoint), \(count) to go"
        case .behind(let stream, nil): return "\(module) has not begun with \(stream), \(count) to go"
        case .parked(let first): return "\(module) has parked \(count), the first of them \(first)"
        }
    }
}
