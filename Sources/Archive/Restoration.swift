public import EventStore

/// Puts an archive's events back into a shop that has nothing else: the shop's first archive into one that is empty,
/// and each further archive behind the one before.
public struct Restoration: Sendable {
    /// What was put back.
    public struct Report: Sendable {
        public let archive: ArchiveManifest
        public let events: Int
        /// Where an earlier restoring of the same archive was cut off.
        public let resumedAt: EventID?
    }

    private let store: Store
    private let directory: ArchiveDirectory
    /// How many events one step writes: Redis does nothing else meanwhile.
    private static let step = 200

    public init(store: Store, directory: ArchiveDirectory) {
        self.store = store
        self.directory = directory
    }

    /// Checks first that the archive is whole and that the shop stands where it begins. Nobody may write meanwhile:
    /// disable all modules.
    public func restore(
        _ name: String, progress: @escaping ArchiveProgress = { _, _ in }
    ) async throws(ArchiveError) -> Report {
        let manifest = try await directory.verify(name)
        return try await store.lockingPast { lock throws(ArchiveError) in
            try await restore(manifest, lock, ProgressCount(of: manifest.events, progress))
        }
    }

    private func restore(
        _ manifest: ArchiveManifest, _ lock: RetentionLock, _ done: ProgressCount
    ) async throws(ArchiveError) -> Report {
        var done = done
        try await asking { () async throws(StoreError) in try await store.resumeRestoring() }
        var clock = try await start(manifest)
        let resumedAt = clock == manifest.after ? nil : clock
        let reader = try await directory.reader(of: manifest.file)
        var count = 0
        while true {
            let page = try await reader.next(Self.step)
            if page.isEmpty { break }
            defer { done.add(page.count) }
            let rest = page.filter { $0.id > clock }
            if let known = page.last(where: { $0.id == clock }) { try await check(known, manifest) }
            guard let last = rest.last else { continue }
            let (behind, from) = (clock, rest)
            let stands = try await asking { () async throws(StoreError) in
                try await store.renew(lock)
                return try await store.restore(from, after: behind)
            }
            if let stands { throw notNext(manifest, stands) }
            clock = last.id
            count += rest.count
        }
        try await asking { () async throws(StoreError) in try await store.finishRestoring() }
        return Report(archive: manifest, events: count, resumedAt: resumedAt)
    }

    /// Where to go on: before the archive's first event, or where this archive was cut off.
    private func start(_ manifest: ArchiveManifest) async throws(ArchiveError) -> EventID {
        let (clock, cut) = try await asking { () async throws(StoreError) in
            (try await store.clock() ?? .zero, try await store.retentionCut())
        }
        if let cut {
            throw ArchiveError(
                .notRestorable,
                "this shop's own streams are trimmed up to \(cut): restore into an empty shop, one with another name "
                    + "or another Redis")
        }
        let isWithin = clock >= manifest.first && clock < manifest.last
        guard clock == manifest.after || isWithin else { throw notNext(manifest, clock) }
        return clock
    }

    private func check(_ event: StoredEvent, _ manifest: ArchiveManifest) async throws(ArchiveError) {
        let isThere = try await asking { () async throws(StoreError) in try await store.has(event) }
        if !isThere { throw notNext(manifest, event.id) }
    }

    private func notNext(_ manifest: ArchiveManifest, _ stands: EventID) -> ArchiveError {
        let place =
            manifest.after == .zero
            ? "goes into an empty shop" : "goes behind the archive that ends with \(manifest.after)"
        let found = stands == .zero ? "this one is empty" : "this one has events up to \(stands)"
        return ArchiveError(.notRestorable, "\(manifest.file) \(place), and \(found)")
    }
}
