import EventStore
import Foundation
import Redis
import TestKit
import Testing

/// Redis's clock jumps, as that of its machine may.
@Suite(.enabled(if: Faketime.isInstalled, "needs Debian's libfaketime")) struct `A clock that` {
    @Test func `is set back or forward, again and again, never takes ids back`() async throws {
        try await withJumpingClock { clock in
            var ids = try await clock.store.append(.thing(.created, "a"))
            for (number, offset) in ["-3600", "-86400", "+5", "-7200", "+3600", "-3600"].enumerated() {
                try clock.jump(offset)
                ids += try await clock.store.append(.thing(.created, "b\(number)"), .note(.created, "n\(number)"))
                ids += try await clock.anotherStore().append(.thing(.created, "c\(number)"))
            }
            #expect(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 })
            // The clock really went forward, and the ids with it.
            #expect(ids[ids.count - 1].seconds >= ids[0].seconds + 3_500)
        }
    }

    @Test func `is set back while Redis is away, which forgets its clock besides, never takes ids back`()
        async throws
    {
        try await withJumpingClock { clock in
            let before = try await clock.store.append(.thing(.created, "a"))[0]
            try clock.jump("-3600")
            try await clock.redis.send("FLUSHALL")
            try await clock.store.recover()
            #expect(try await clock.store.append(.thing(.created, "a"))[0] > before)
        }
    }

    @Test func `is set forward ends leases early, and fences their owners`() async throws {
        try await withJumpingClock { clock in
            let store = clock.store
            let mine = try await store.heartbeat(["m"], owner: "me", time: .seconds(60))[0].lease
            try clock.jump("+3600")
            let yours = try await store.heartbeat(["m"], owner: "you", time: .seconds(60))[0].lease
            #expect(yours?.owner == "you")
            let id = try await store.append(.thing(.created, "a"))[0]
            let move = CheckpointMove(module: "m", lease: try #require(mine), positions: [(.things, nil, id)])
            let outcome = try await store.transact(Transaction(checkpoint: move))
            #expect(outcome == .conflict(.fenced(by: yours)))
        }
    }

    @Test func `is set back makes a lease last longer only until its owner's next heartbeat`() async throws {
        try await withJumpingClock { clock in
            _ = try await clock.store.heartbeat(["m"], owner: "me", time: .seconds(5))
            try clock.jump("-3600")
            #expect(try await clock.redis.send("PTTL", "ordershop:lease:m").int ?? 0 > 3_000_000)
            _ = try await clock.store.heartbeat(["m"], owner: "me", time: .seconds(5))
            #expect(try await clock.redis.send("PTTL", "ordershop:lease:m").int ?? 0 <= 5_000)
        }
    }
}

/// Debian's libfaketime, which tells a process another time.
private enum Faketime {
    static let libraries = ["x86_64", "aarch64"].map { "/usr/lib/\($0)-linux-gnu" }
    static var directory: String? { libraries.first { access("\($0)/faketime/libfaketime.so.1", R_OK) == 0 } }
    static var isInstalled: Bool { directory != nil }
}

/// A Redis whose clock goes wrong, and a store on it.
private struct JumpingClock: Sendable {
    let redis: RedisClient
    let store: Store
    let offsetFile: String

    /// - Parameter offset: how wrong the clock is from now on, in seconds with a sign.
    func jump(_ offset: String) throws { try Data("\(offset)\n".utf8).write(to: URL(filePath: offsetFile)) }

    func anotherStore() async throws -> Store {
        let store = Store(redis: redis, shop: "", catalogue: .test, logger: .silent)
        try await store.open()
        return store
    }
}

private func withJumpingClock(_ body: (JumpingClock) async throws -> Void) async throws {
    let directory = try TemporaryDirectory()
    let libraries = try #require(Faketime.directory)
    let (socket, offset) = (directory.file("redis.sock"), directory.file("offset"))
    try Data("+0\n".utf8).write(to: URL(filePath: offset))
    // libc before jemalloc: libfaketime asks for memory when it begins, and jemalloc for the time when it does.
    let environment = [
        "LD_PRELOAD=\(libraries)/faketime/libfaketime.so.1 \(libraries)/libc.so.6", "FAKETIME_NO_CACHE=1",
        "FAKETIME_TIMESTAMP_FILE=\(offset)", "FAKETIME_DONT_FAKE_MONOTONIC=1",
    ]
    let server = try await ChildProcess.start(
        ["env"] + environment + ["redis-server", "--port", "0", "--unixsocket", socket, "--dir", directory.path]
            + ["--save", ""], output: directory.file("redis.log"))
    defer { server.end(with: SIGKILL) }
    try await withClient(of: "unix://\(socket)") { redis in
        let store = Store(redis: redis, shop: "", catalogue: .test, logger: .silent)
        try await store.open()
        try await body(JumpingClock(redis: redis, store: store, offsetFile: offset))
    }
}
