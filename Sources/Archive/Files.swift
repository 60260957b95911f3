import Crypto
import Glibc

/// The system calls for files that must not be lost. All of them may wait for a disk.
enum Files {
    static func makeDirectory(_ path: String) throws(ArchiveError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .system("cannot make the directory", path) }
    }

    /// A new file that is nobody else's to read.
    static func create(_ path: String) throws(ArchiveError) -> CInt {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .system("cannot make", path) }
        return file
    }

    static func sync(_ file: CInt, _ path: String) throws(ArchiveError) {
        guard fsync(file) == 0 else { throw .system("cannot write", path) }
    }

    /// A rename too must survive a loss of power.
    static func syncDirectory(_ path: String) throws(ArchiveError) {
        let file = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw .system("cannot open", path) }
        defer { close(file) }
        try sync(file, path)
    }

    static func rename(_ path: String, to target: String) throws(ArchiveError) {
        guard Glibc.rename(path, target) == 0 else { throw .system("cannot make", target) }
    }

    static func write(_ bytes: [UInt8], to file: CInt, _ path: String) throws(ArchiveError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system("cannot write", path) }
            rest = rest.dropFirst(count)
        }
    }

    static func names(in directory: String) throws(ArchiveError) -> [String] {
        guard let stream = opendir(directory) else {
            if errno == ENOENT { return [] }
            throw .system("cannot read the directory", directory)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafeBytes(of: &entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                })
        }
        return names.sorted()
    }

    /// Reads a file piece by piece.
    static func read(_ path: String, _ body: (UnsafeRawBufferPointer) -> Void) throws(ArchiveError) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            throw errno == ENOENT
                ? ArchiveError(.notFound, "there is no file \(path)") : .system("cannot open", path)
        }
        defer { close(file) }
        var chunk = [UInt8](repeating: 0, count: 256 * 1024)
        while true {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system("cannot read", path) }
            if count == 0 { return }
            chunk.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
        }
    }

    /// The size of a file and its SHA-256.
    static func digest(_ path: String) throws(ArchiveError) -> (bytes: Int, digest: String) {
        var digest = SHA256()
        var bytes = 0
        try read(path) { piece in
            digest.update(bufferPointer: piece)
            bytes += piece.count
        }
        return (bytes, hexadecimal(digest.finalize()))
    }

    static func hexadecimal(_ digest: SHA256.Digest) -> String {
        digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
