import Glibc

/// A Unix socket that listens at a path, and the file of it.
struct ListeningSocket {
    /// Clients that may wait to be accepted: beyond it the kernel turns them away.
    private static let backlog: CInt = 512

    let descriptor: CInt
    private let path: String
    /// nil: the file is somebody else's, who has handed over the socket.
    private let file: FileIdentity?

    /// A socket that listens already. Its file stays where it is.
    init(inherited descriptor: CInt, path: String) {
        self.descriptor = descriptor
        self.path = path
        file = nil
    }

    /// Makes missing directories, clears away the socket of a dead process, binds with mode 0660 and listens.
    /// - Throws: `.addressInUse` where a live server, or a file that is no socket, is at the path.
    init(path: String) throws(JSONRPCTransportError) {
        let address = try UnixSocketAddress(path)
        try Self.makeDirectories(above: path)
        try Self.removeStaleSocket(path, address)
        descriptor = try UnixSocketAddress.makeSocket(for: path)
        self.path = path
        do { file = try Self.open(descriptor, address, path) } catch {
            _ = close(descriptor)
            throw error
        }
    }

    /// Listens again: NIO, when it takes over a socket, cuts the backlog down to its own default.
    func listen() { _ = Glibc.listen(descriptor, Self.backlog) }

    /// Removes the file, unless another server has put its own there since.
    func unlink() {
        if let file, FileIdentity(path) == file { _ = Glibc.unlink(path) }
    }

    /// The mode is set between bind and listen: nobody can connect while it is still the umask's.
    private static func open(
        _ descriptor: CInt, _ address: UnixSocketAddress, _ path: String
    ) throws(JSONRPCTransportError) -> FileIdentity {
        if let error = address.bind(descriptor) { throw JSONRPCTransportError(errno: error, "listen at", path) }
        guard chmod(path, 0o660) == 0, Glibc.listen(descriptor, backlog) == 0, let file = FileIdentity(path) else {
            throw JSONRPCTransportError(errno: errno, "listen at", path)
        }
        return file
    }

    private static func removeStaleSocket(
        _ path: String, _ address: UnixSocketAddress
    ) throws(JSONRPCTransportError) {
        guard let file = FileIdentity(path) else { return }
        guard file.isSocket else {
            throw JSONRPCTransportError(
                .addressInUse, "Cannot listen at \(path): there is a file which is no socket. Move it away.")
        }
        let descriptor = try UnixSocketAddress.makeSocket(for: path)
        defer { _ = close(descriptor) }
        guard address.connect(descriptor) == ECONNREFUSED else {
            throw JSONRPCTransportError(
                .addressInUse,
                "Cannot listen at \(path): another server is serving there. Stop it, or choose another path.")
        }
        guard Glibc.unlink(path) == 0 || errno == ENOENT else {
            throw JSONRPCTransportError(errno: errno, "remove the stale socket", path)
        }
    }

    private static func makeDirectories(above path: String) throws(JSONRPCTransportError) {
        var directory = ""
        for name in path.split(separator: "/", omittingEmptySubsequences: false).dropLast() {
            directory += name
            if !directory.isEmpty, mkdir(directory, 0o755) == 0 {
                _ = chmod(directory, 0o755)
            } else if !directory.isEmpty, errno != EEXIST, errno != EISDIR, FileIdentity(directory) == nil {
                throw JSONRPCTransportError(errno: errno, "make the directory", directory)
            }
            directory += "/"
        }
    }
}

/// Which file it is that stands at a path.
private struct FileIdentity: Equatable {
    let device: dev_t
    let inode: ino_t
    let isSocket: Bool

    /// - Returns: nil where there is none. Links are not followed.
    init?(_ path: String) {
        var info = stat()
        guard lstat(path, &info) == 0 else { return nil }
        device = info.st_dev
        inode = info.st_ino
        isSocket = info.st_mode & S_IFMT == S_IFSOCK
    }
}
