import Glibc

/// An error number of the system, in words.
struct Errno: Error, CustomStringConvertible, Equatable {
    let code: Int32

    /// Of the call just made.
    static var last: Errno { Errno(code: errno) }

    var description: String { String(cString: strerror(code)) }
}

/// The few file calls that settings and the state directory need; Foundation would bring much more along.
enum Files {
    /// - Returns: `nil` when there is no such file.
    /// - Throws: also for a directory, for more than `limit` bytes, and for what is not UTF-8.
    static func read(_ path: String, atMost limit: Int) throws(Errno) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw .last
        }
        defer { close(file) }
        let bytes = try contents(of: file, atMost: limit)
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Errno(code: EILSEQ) }
        return text
    }

    private static func contents(of file: Int32, atMost limit: Int) throws(Errno) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            guard count >= 0 else { throw .last }
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= limit else { throw Errno(code: EFBIG) }
        }
    }

    /// The last bytes of a file, as text; empty when there is none.
    static func tail(_ path: String, bytes count: Int) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        lseek(file, max(0, lseek(file, 0, SEEK_END) - off_t(count)), SEEK_SET)
        return String(decoding: (try? contents(of: file, atMost: 2 * count)) ?? [], as: UTF8.self)
    }

    static func write(_ text: String, over file: Int32) throws(Errno) {
        guard ftruncate(file, 0) == 0 else { throw .last }
        let bytes = Array(text.utf8)
        guard pwrite(file, bytes, bytes.count, 0) == bytes.count else { throw .last }
    }

    /// Makes the directory and the parents that are missing, for the owner and, to read, its group.
    static func makeDirectory(_ path: String) throws(Errno) {
        var made = ""
        for part in path.split(separator: "/") {
            made += "/\(part)"
            guard mkdir(made, 0o750) != 0, errno != EEXIST else { continue }
            // An existing parent may refuse with EACCES or EROFS before it says EEXIST.
            let reason = Errno.last
            guard isDirectory(made) else { throw reason }
        }
        guard isDirectory(path) else { throw Errno(code: ENOTDIR) }
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func isDirectory(_ path: String) -> Bool {
        // Asks for no more than the right to pass through it.
        access(path + "/.", F_OK) == 0
    }

    /// In bytes, 0 where there is no such file.
    static func size(_ path: String) -> Int {
        // Not by stat: in the whole package its struct belongs to a module of SwiftNIO's.
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        return max(0, lseek(file, 0, SEEK_END))
    }

    static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let here = getcwd(nil, 0) else { return path }
        defer { free(here) }
        return "\(String(cString: here))/\(path)"
    }

    /// Where a program is: itself if it has a slash, else the first in `PATH` that can be executed.
    static func program(_ name: String, in search: String) -> String? {
        let candidates =
            name.contains("/") ? [name] : search.split(separator: ":").map { "\($0)/\(name)" }
        return candidates.first { access($0, X_OK) == 0 && !isDirectory($0) }
    }
}
