import CZlib
import Glibc

/// A gzip file that is written or read from its beginning to its end. The only place that talks to zlib.
final class GzipFile {
    private var file: gzFile?
    private let path: String

    /// - Parameter descriptor: is closed with the file.
    init(writingTo descriptor: CInt, path: String) throws(ArchiveError) {
        self.path = path
        file = gzdopen(descriptor, "wb6")
        guard file != nil else { throw ArchiveError(.io, "there is no memory to write \(path)") }
        gzbuffer(file, 128 * 1024)
    }

    init(reading path: String) throws(ArchiveError) {
        self.path = path
        file = gzopen(path, "rbe")
        guard file != nil else {
            throw errno == ENOENT
                ? ArchiveError(.notFound, "there is no file \(path)") : .system("cannot open", path)
        }
        gzbuffer(file, 128 * 1024)
    }

    deinit { if let file { gzclose(file) } }

    func write(_ bytes: [UInt8]) throws(ArchiveError) {
        if bytes.isEmpty { return }
        let count = bytes.withUnsafeBytes { gzwrite(file, $0.baseAddress, UInt32($0.count)) }
        guard count == bytes.count else { throw ArchiveError(.io, "cannot write \(path): \(reason)") }
    }

    /// - Returns: at most so many bytes; none at the end.
    func read(_ count: Int) throws(ArchiveError) -> [UInt8] {
        var result: CInt = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            result = gzread(file, buffer.baseAddress, UInt32(count))
            filled = max(0, Int(result))
        }
        // At a premature end zlib gives what there is, and then nothing more.
        var code: CInt = 0
        if bytes.isEmpty { gzerror(file, &code) }
        guard result >= 0, code == Z_OK || code == Z_STREAM_END else { throw damaged() }
        return bytes
    }

    func close() throws(ArchiveError) {
        guard let file else { return }
        self.file = nil
        let result = gzclose(file)
        guard result == Z_OK else { throw result == Z_BUF_ERROR ? damaged() : .system("cannot write", path) }
    }

    private func damaged() -> ArchiveError {
        ArchiveError(.damaged, "\(path) is damaged: \(reason)")
    }

    private var reason: String {
        var code: CInt = 0
        guard let file, let text = gzerror(file, &code) else { return "it ends too early" }
        return code == Z_ERRNO ? String(cString: strerror(errno)) : String(cString: text)
    }
}
