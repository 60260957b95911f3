import Crypto
import EventStore
import Glibc
import JSON
import Synchronization

/// Writes one archive: under a name of its own until all of it is on the disk, so that what has an archive's name is
/// whole.
final class ArchiveWriter: Sendable {
    static let ending = ".part"

    private struct State {
        let gzip: GzipFile
        var digest = SHA256()
        var bytes = 0
        var events = 0
        var first: EventID?
        var last: EventID?
    }

    private let directory: ArchiveDirectory
    private let part: String
    /// Locked as long as this writer lives, and for syncing when zlib has closed its own.
    private let descriptor: CInt
    private let state: Mutex<State>

    init(in directory: ArchiveDirectory) throws(ArchiveError) {
        self.directory = directory
        part = "\(directory.path)/.\(UUIDText.random())\(Self.ending)"
        descriptor = try Files.create(part)
        flock(descriptor, LOCK_EX | LOCK_NB)
        state = Mutex(State(gzip: try GzipFile(writingTo: dup(descriptor), path: part)))
    }

    deinit {
        // Gone already where the archive has got its name.
        unlink(part)
        close(descriptor)
    }

    func append(_ events: [StoredEvent]) async throws(ArchiveError) {
        try await onFileThread { [self] () throws(ArchiveError) in
            var lines: [UInt8] = []
            for event in events { try ArchiveLine.write(event, to: &lines) }
            try state.withLock { state throws(ArchiveError) in
                try state.gzip.write(lines)
                lines.withUnsafeBytes { state.digest.update(bufferPointer: $0) }
                state.bytes += lines.count
                state.events += events.count
                state.first = state.first ?? events.first?.id
                state.last = events.last?.id ?? state.last
            }
        }
    }

    /// Brings all to the disk and gives the archive its name.
    func finish(shop: String, after: EventID) async throws(ArchiveError) -> ArchiveManifest {
        try await onFileThread { [self] () throws(ArchiveError) in
            let (text, events, first, last, bytes) = try state.withLock { state throws(ArchiveError) in
                try state.gzip.close()
                return (
                    Files.hexadecimal(state.digest.finalize()), state.events, state.first ?? .zero,
                    state.last ?? .zero, state.bytes
                )
            }
            try Files.sync(descriptor, part)
            let file = try Files.digest(part)
            let manifest = ArchiveManifest(
                file: ArchiveDirectory.name(shop: shop, first, last), shop: shop, after: after, first: first,
                last: last, events: events, textBytes: bytes, textDigest: text, fileBytes: file.bytes,
                fileDigest: file.digest, createdAt: Int64(time(nil)))
            try publish(manifest)
            return manifest
        }
    }

    /// The manifest first: an archive is never without one.
    private func publish(_ manifest: ArchiveManifest) throws(ArchiveError) {
        let final = try directory.file(manifest.file)
        if access(final, F_OK) == 0 { try checkRepeats(manifest) }
        let noted = part + ".json" + Self.ending
        let descriptor = try Files.create(noted)
        defer { close(descriptor) }
        try Files.write(Array((manifest.json.text + "\n").utf8), to: descriptor, noted)
        try Files.sync(descriptor, noted)
        try Files.rename(noted, to: try directory.manifestFile(manifest.file))
        try Files.rename(part, to: final)
        try Files.syncDirectory(directory.path)
    }

    /// One that goes behind the same event was written by a trimming that was cut off: where the trimming had gone on,
    /// this one would go behind another. So nothing needs it, and this one takes its place.
    private func checkRepeats(_ manifest: ArchiveManifest) throws(ArchiveError) {
        let other = try? directory.readManifest(of: manifest.file)
        guard other?.shop == manifest.shop, other?.after == manifest.after else {
            throw ArchiveError(
                .exists, "there is another archive \(manifest.file) in \(directory.path): move it away")
        }
    }
}
