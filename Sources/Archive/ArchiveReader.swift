import Crypto
import EventStore
import Synchronization

/// Reads one archive from its beginning to its end, and tells at the end whether it was all that its manifest says.
final class ArchiveReader: Sendable {
    private struct State {
        let gzip: GzipFile
        var digest = SHA256()
        var rest: ArraySlice<UInt8> = []
        var events = 0
        var last = EventID.zero
    }

    let manifest: ArchiveManifest
    private let state: Mutex<State>
    /// More than Redis takes for one value.
    private static let longestLine = 1 << 30

    init(_ path: String, _ manifest: ArchiveManifest) throws(ArchiveError) {
        self.manifest = manifest
        state = Mutex(State(gzip: try GzipFile(reading: path)))
    }

    /// The next events, at most so many; none at the end.
    func next(_ count: Int) async throws(ArchiveError) -> [StoredEvent] {
        try await onFileThread { [self] () throws(ArchiveError) in try read(count) }
    }

    /// The same, on this thread.
    func read(_ count: Int) throws(ArchiveError) -> [StoredEvent] {
        try state.withLock { state throws(ArchiveError) in
            var events: [StoredEvent] = []
            while events.count < count, let line = try line(&state) {
                guard let event = ArchiveLine.read(line), event.id > state.last else {
                    throw damaged("line \(state.events + 1) is no event, or not in order")
                }
                state.last = event.id
                state.events += 1
                events.append(event)
            }
            if events.isEmpty { try checkEnd(state) }
            return events
        }
    }

    private func line(_ state: inout State) throws(ArchiveError) -> ArraySlice<UInt8>? {
        var searched = state.rest.startIndex
        while true {
            if let end = state.rest[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { state.rest = state.rest[(end + 1)...] }
                return state.rest[..<end]
            }
            let piece = try state.gzip.read(256 * 1024)
            if piece.isEmpty { return nil }
            piece.withUnsafeBytes { state.digest.update(bufferPointer: $0) }
            let known = state.rest.count
            state.rest = (Array(state.rest) + piece)[...]
            searched = known
            guard known < Self.longestLine else { throw damaged("a line has no end") }
        }
    }

    private func checkEnd(_ state: State) throws(ArchiveError) {
        guard state.rest.isEmpty else { throw damaged("its last line has no end") }
        let digest = Files.hexadecimal(state.digest.finalize())
        guard digest == manifest.textDigest else {
            throw damaged("the SHA-256 of its text is \(digest), not \(manifest.textDigest)")
        }
        guard state.events == manifest.events, state.last == manifest.last else {
            throw damaged("it has \(state.events) events, not \(manifest.events)")
        }
    }

    private func damaged(_ why: String) -> ArchiveError {
        ArchiveError(.damaged, "\(manifest.file) is damaged: \(why)")
    }
}
