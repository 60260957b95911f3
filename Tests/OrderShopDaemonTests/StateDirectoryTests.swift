import Glibc
import Testing

@testable import OrderShopDaemon

struct `The state directory` {
    @Test func `is made as needed, and not for everybody`() throws {
        let scratch = try Scratch()
        let state = try StateDirectory.open("\(scratch.path)/a/b", socket: "/run/s")
        #expect(try state.directory("mail") == "\(scratch.path)/a/b/mail")
        #expect(try state.directory("mail") == "\(scratch.path)/a/b/mail")
        var status = stat()
        #expect(stat("\(scratch.path)/a/b/mail", &status) == 0)
        #expect(status.st_mode & 0o7777 & ~0o750 == 0)
    }

    @Test func `is refused to a second daemon, in words that name the first`() throws {
        let scratch = try Scratch()
        let first = try StateDirectory.open(scratch.path, socket: "/run/first.sock")
        let error = try #require(throws: DaemonError.self) {
            try StateDirectory.open(scratch.path, socket: "/run/second.sock")
        }
        #expect(error.code == .stateDirectoryInUse)
        let lines = try scratch.read("ordershopd.lock").split(separator: "\n")
        let since = try #require(lines.first { $0.hasPrefix("since: ") }?.dropFirst(7))
        #expect(
            error.message == """
                The state directory \(scratch.path) belongs to another ordershopd, with pid \(getpid()), running \
                since \(since), control socket /run/first.sock. Stop that one first, or give this one a directory \
                of its own with --state-directory DIR (and --socket and --http, too).
                """)
        withExtendedLifetime(first) {}
    }

    @Test func `is free again when the first daemon lets go`() throws {
        let scratch = try Scratch()
        do { _ = try StateDirectory.open(scratch.path, socket: "/run/a-rather-long-name.sock") }
        let second = try StateDirectory.open(scratch.path, socket: "/s")
        #expect(try scratch.read("ordershopd.lock").hasSuffix("socket: /s\n"))
        withExtendedLifetime(second) {}
    }

    @Test func `is free again when the first daemon was killed`() async throws {
        let scratch = try Scratch()
        let path = scratch.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let state = try StateDirectory.open(path, socket: "/run/killed.sock")
            kill(getpid(), SIGKILL)
            withExtendedLifetime(state) {}
        }
        #expect(try scratch.read("ordershopd.lock").contains("/run/killed.sock"))
        withExtendedLifetime(try StateDirectory.open(scratch.path, socket: "/s")) {}
    }

    @Test func `is refused to a second process`() async throws {
        let scratch = try Scratch()
        let first = try StateDirectory.open(scratch.path, socket: "/run/first.sock")
        let path = scratch.path
        await #expect(processExitsWith: .exitCode(3)) { [path = path as String] in
            do {
                _ = try StateDirectory.open(path, socket: "/run/second.sock")
            } catch let error as DaemonError where error.code == .stateDirectoryInUse {
                exit(3)
            }
        }
        withExtendedLifetime(first) {}
    }

    @Test func `must be a directory`() throws {
        let scratch = try Scratch()
        let file = try scratch.write("", to: "file")
        let error = try #require(throws: DaemonError.self) { try StateDirectory.open(file, socket: "/s") }
        #expect(error.code == .stateDirectoryUnusable)
        #expect(error.message.hasPrefix("\(file) cannot be used: Not a directory. Make it"))
        #expect(throws: DaemonError.self) { try StateDirectory.open("\(file)/inner", socket: "/s") }
    }
}
