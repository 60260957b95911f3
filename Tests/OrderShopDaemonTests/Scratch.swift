import FoundationEssentials
import Glibc

/// A directory of one test's own, short enough for a socket in it, removed with the object.
final class Scratch: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/osd-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw NotMade(reason: errno) }
        path = String(cString: made)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws -> String {
        let file = "\(path)/\(name)"
        try Data(text.utf8).write(to: URL(filePath: file))
        return file
    }

    func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: "\(path)/\(name)")), as: UTF8.self)
    }

    struct NotMade: Error { let reason: Int32 }
}
