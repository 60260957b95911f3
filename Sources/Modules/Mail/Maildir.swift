import Glibc

/// A directory of mails that any mail reader opens: `tmp`, `new`, `cur`, a file a mail.
struct Maildir: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let path: String

    /// Makes the directories that are missing.
    func create() throws(Failure) {
        for directory in [path, path + "/tmp", path + "/new", path + "/cur"] {
            if mkdir(directory, 0o700) != 0, errno != EEXIST { throw failure("cannot make", directory) }
        }
    }

    /// Puts a mail in, whole or not at all, and on the disk before it returns.
    /// - Parameter name: unique to the mail. The same name again overwrites the mail.
    func deliver(_ message: [UInt8], named name: String) throws(Failure) {
        let temporary = "\(path)/tmp/\(name)"
        let final = "\(path)/new/\(name)"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure("cannot make", temporary) }
        defer { close(file) }
        try write(message, to: file, temporary)
        guard fsync(file) == 0 else { throw failure("cannot write", temporary) }
        guard rename(temporary, final) == 0 else { throw failure("cannot make", final) }
        try syncDirectory("\(path)/new")
    }

    /// Whether a mail of this name was delivered: it is new, or a mail reader has seen it and added his marks.
    func has(_ name: String) -> Bool {
        if access("\(path)/new/\(name)", F_OK) == 0 { return true }
        return names(in: "cur").contains { $0 == name || $0.hasPrefix(name + ":") }
    }

    /// Deletes mails by their names, wherever they are, and on the disk before it returns.
    func remove(where isWanted: (String) -> Bool) throws(Failure) {
        for directory in ["tmp", "new", "cur"] {
            for name in names(in: directory) where isWanted(name) {
                let file = "\(path)/\(directory)/\(name)"
                guard unlink(file) == 0 || errno == ENOENT else { throw failure("cannot delete", file) }
            }
            try syncDirectory("\(path)/\(directory)")
        }
    }

    private func names(in directory: String) -> [String] {
        guard let directory = opendir("\(path)/\(directory)") else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            )
        }
        return names
    }

    private func write(_ bytes: [UInt8], to file: CInt, _ name: String) throws(Failure) {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("cannot write", name) }
            written += count
        }
    }

    /// The rename too must survive a loss of power.
    private func syncDirectory(_ directory: String) throws(Failure) {
        let file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw failure("cannot open", directory) }
        defer { close(file) }
        guard fsync(file) == 0 else { throw failure("cannot write", directory) }
    }

    private func failure(_ what: String, _ name: String) -> Failure {
        Failure(description: "\(what) \(name): \(String(cString: strerror(errno)))")
    }
}
