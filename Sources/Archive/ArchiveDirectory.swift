public import EventStore
import Glibc
public import JSON

/// The directory with a shop's archives: `SHOP-FIRST_LAST.ndjson.gz` and, beside each, its manifest.
public struct ArchiveDirectory: Sendable {
    /// Made when the first archive is written.
    public let path: String
    static let ending = ".ndjson.gz"

    public init(path: String) { self.path = path }

    /// What archives there are, the oldest first. A file without a manifest is none.
    public func list() async throws(ArchiveError) -> [ArchiveManifest] {
        try await onFileThread { [self] () throws(ArchiveError) in
            var manifests: [ArchiveManifest] = []
            for name in try Files.names(in: path) where isName(name) {
                if let manifest = try manifestIfThere(of: name) { manifests.append(manifest) }
            }
            return manifests.sorted { ($0.shop, $0.first, $0.last) < ($1.shop, $1.first, $1.last) }
        }
    }

    public func manifest(of name: String) async throws(ArchiveError) -> ArchiveManifest {
        try await onFileThread { [self] () throws(ArchiveError) in try readManifest(of: name) }
    }

    /// Reads the whole archive and compares it with its manifest: both digests, the count, and the order of ids.
    public func verify(
        _ name: String, progress: @escaping ArchiveProgress = { _, _ in }
    ) async throws(ArchiveError) -> ArchiveManifest {
        try await onFileThread { [self] () throws(ArchiveError) in
            let manifest = try readManifest(of: name)
            let path = try file(name)
            let found = try Files.digest(path)
            guard found.bytes == manifest.fileBytes, found.digest == manifest.fileDigest else {
                throw ArchiveError(
                    .damaged, "\(name) is damaged: its SHA-256 is \(found.digest), not \(manifest.fileDigest)")
            }
            let reader = try ArchiveReader(path, manifest)
            var count = ProgressCount(of: manifest.events, progress)
            while case let page = try reader.read(1_000), !page.isEmpty { count.add(page.count) }
            return manifest
        }
    }

    /// Events as they stand in the archive, for people to look at.
    public func events(
        of name: String, after position: EventID = .zero, limit: Int
    ) async throws(ArchiveError) -> [JSONValue] {
        let reader = try await reader(of: name)
        return try await onFileThread { () throws(ArchiveError) in
            var events: [JSONValue] = []
            while events.count < limit, case let page = try reader.read(500), !page.isEmpty {
                for event in page.lazy.filter({ $0.id > position }).prefix(limit - events.count) {
                    events.append(try ArchiveLine.json(event))
                }
            }
            return events
        }
    }

    /// Reads an archive from its beginning. Whether it is whole shows at its end, or by `verify`.
    func reader(of name: String) async throws(ArchiveError) -> ArchiveReader {
        try await onFileThread { [self] () throws(ArchiveError) in
            try ArchiveReader(file(name), try readManifest(of: name))
        }
    }

    func writer() async throws(ArchiveError) -> ArchiveWriter {
        try await onFileThread { [self] () throws(ArchiveError) in
            try Files.makeDirectory(path)
            try dropLeftovers()
            return try ArchiveWriter(in: self)
        }
    }

    // MARK: Names

    /// The path of an archive. A name says nothing of directories: nobody gets at other files by it.
    func file(_ name: String) throws(ArchiveError) -> String {
        guard isName(name) else {
            throw ArchiveError(
                .badName,
                "\(name.prefix(200)) is not the name of an archive: it ends in \(Self.ending) and has no /")
        }
        return "\(path)/\(name)"
    }

    func manifestFile(_ name: String) throws(ArchiveError) -> String { try file(name) + ".json" }

    static func name(shop: String, _ first: EventID, _ last: EventID) -> String {
        "\(shop.isEmpty ? "default" : shop)-\(first)_\(last)\(ending)"
    }

    private func isName(_ name: String) -> Bool {
        name.hasSuffix(Self.ending) && name.utf8.count <= 240 && !name.hasPrefix(".")
            && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") }
    }

    private func manifestIfThere(of name: String) throws(ArchiveError) -> ArchiveManifest? {
        do { return try readManifest(of: name) } catch {
            if error.code == .notFound { return nil }
            throw error
        }
    }

    func readManifest(of name: String) throws(ArchiveError) -> ArchiveManifest {
        var bytes: [UInt8] = []
        do { try Files.read(try manifestFile(name)) { bytes += $0 } } catch {
            guard error.code == .notFound else { throw error }
            throw ArchiveError(
                .notFound,
                "there is no archive \(name) with a manifest in \(path): 'archive list' shows those that are")
        }
        guard let json = try? JSONValue(parsing: bytes), let manifest = ArchiveManifest(json, file: name) else {
            throw ArchiveError(.damaged, "the manifest of \(name) cannot be read")
        }
        return manifest
    }

    // MARK: Leftovers

    /// Removes what writers left that are no more: one that lives has its file locked.
    private func dropLeftovers() throws(ArchiveError) {
        for name in try Files.names(in: path) where name.hasPrefix(".") && name.hasSuffix(ArchiveWriter.ending) {
            let descriptor = open("\(path)/\(name)", O_WRONLY | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink("\(path)/\(name)") }
        }
    }
}
