import Glibc
import JSON
import JSONRPC
import ServiceLifecycle
import Testing

@Suite(.timeLimit(.minutes(1))) struct `The socket's file` {
    @Test func `is for the owner and the group, whatever the umask, and goes away`() async throws {
        try await withDirectory { directory in
            let path = directory + "/a/b/s"
            try await withServer(path: path) { _ in
                #expect(mode(path) == S_IFSOCK | 0o660)
                #expect(mode(directory + "/a") == S_IFDIR | 0o755)
                #expect(mode(directory + "/a/b") == S_IFDIR | 0o755)
            }
            #expect(mode(path) == nil)
        }
    }

    @Test func `of a dead process is replaced`() async throws {
        try await withDirectory { directory in
            let path = directory + "/s"
            try leaveStaleSocket(path)
            try await withServer(path: path) { _ in try await call(path) }
        }
    }

    @Test func `of a live server is left alone`() async throws {
        try await withDirectory { directory in
            let path = directory + "/s"
            try await withServer(path: path) { _ in
                let error = await #expect(throws: JSONRPCTransportError.self) {
                    try await withServer(path: path) { _ in }
                }
                #expect(error?.code == .addressInUse)
                #expect(error?.message.contains(path) == true)
                try await call(path)
            }
        }
    }

    @Test func `is not put in the place of something else`() async throws {
        try await withDirectory { directory in
            let error = await #expect(throws: JSONRPCTransportError.self) {
                try await withServer(path: directory) { _ in }
            }
            #expect(error?.code == .addressInUse)
        }
    }

    @Test func `has a path that the system can hold`() async throws {
        let error = await #expect(throws: JSONRPCTransportError.self) {
            try await withServer(path: "/tmp/" + String(repeating: "x", count: 110)) { _ in }
        }
        #expect(error?.code == .pathTooLong)
    }

    @Test func `needs a directory that can be made`() async throws {
        let error = await #expect(throws: JSONRPCTransportError.self) {
            try await withServer(path: "/dev/null/s") { _ in }
        }
        #expect(error?.message.contains("/dev/null") == true)
    }

    @Test func `of a successor stays when the predecessor ends`() async throws {
        try await withDirectory { directory in
            let path = directory + "/s"
            try await withServer(path: path) { first in
                #expect(unlink(path) == 0)
                try await withServer(path: path) { _ in
                    await first.triggerGracefulShutdown()
                    try await Task.sleep(for: .milliseconds(50))
                    try await call(path)
                }
            }
        }
    }

    private func call(_ path: String) async throws {
        let client = try await JSONRPCClient.connect(path: path)
        _ = try await client.call("update")
        await client.close()
    }
}

@Suite(.timeLimit(.minutes(1))) struct `A graceful shutdown` {
    @Test func `lets the calls in flight finish, and takes no more`() async throws {
        try await withDirectory { directory in
            let path = directory + "/s"
            let handler = TestHandler()
            try await withServer(handler, path: path) { group in
                let idle = try await RawConnection.open(path)
                let client = try await JSONRPCClient.connect(path: path)
                async let first = client.call("wait")
                async let second = client.call("wait")
                try await eventually { await handler.gate.waiting == 2 }
                await group.triggerGracefulShutdown()
                #expect(await idle.line() == nil)
                try await eventually { mode(path) == nil }
                await #expect(throws: JSONRPCTransportError.self) { try await JSONRPCClient.connect(path: path) }
                await handler.gate.open()
                let answers = try await [first, second]
                #expect(answers == ["waited", "waited"])
                await client.close()
                await idle.close()
            }
        }
    }
}

func mode(_ path: String) -> mode_t? {
    var info = stat()
    return lstat(path, &info) == 0 ? info.st_mode : nil
}

/// A socket that nobody listens on any more.
func leaveStaleSocket(_ path: String) throws {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let bound = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
    guard bound == 0 else { throw Unexpected("bind") }
}
