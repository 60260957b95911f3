import Foundation
import JSON
import JSONRPC
import Synchronization
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `Sockets that somebody holds for the daemon` {
    private func withHeldSockets(_ body: @escaping @Sendable (Shop) async throws -> Void) async throws {
        var options = DaemonProcess.Options()
        options.launcher = SocketHolder.launcher
        let daemon = try DaemonProcess(options)
        try await Slots.inTurn {
            let shop = Shop(daemon: daemon)
            try await shop.daemon.start()
            try await body(shop)
            shop.daemon.kill()
        }
    }

    private func end(_ shop: Shop, with signal: Int32) async throws -> Int64 {
        let pid = try #require(try await shop.call("daemon.status")["pid"]?.number?.int64)
        kill(pid_t(pid), signal)
        return pid
    }

    @Test func `are served on, and the status says where`() async throws {
        try await withHeldSockets { shop in
            let status = try await shop.call("daemon.status")
            #expect(status["rest"]?.string == "http://127.0.0.1:\(shop.daemon.port)")
            #expect(status["socket"]?.string == shop.daemon.socketPath)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            #expect(try await shop.call("customer.get", ["id": .string(ada)])["name"] == "Ada")
        }
    }

    @Test(arguments: [SIGTERM, SIGKILL])
    func `stay when it ends, so that a restart refuses nobody`(_ signal: Int32) async throws {
        try await withHeldSockets { shop in
            for _ in 0..<2 {
                let before = try await end(shop, with: signal)
                // The daemon is ending or gone: whoever comes now waits for the next one.
                try await eventually("it has ended") { kill(pid_t(before), 0) != 0 }
                let connection = try await HTTPConnection.connect(port: shop.daemon.port)
                let client = try await JSONRPCClient.connect(path: shop.daemon.socketPath)
                #expect(try await connection.send("GET", "/customers").status != 0)
                let status = try await client.call("daemon.status", timeout: .seconds(60))
                #expect(status["pid"]?.number?.int64 != before)
            }
            if signal == SIGTERM { #expect(shop.daemon.log.contains("the daemon ended with status 0")) }
        }
    }

    @Test func `refuse no connection under load while it restarts`() async throws {
        try await withHeldSockets { shop in
            let clients = Clients()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { await clients.call(shop) } }
                for _ in 0..<3 {
                    _ = try await end(shop, with: SIGTERM)
                    let before = clients.answered.load(ordering: .relaxed)
                    try await eventually("clients are served again", within: .seconds(60)) {
                        clients.answered.load(ordering: .relaxed) > before + 200
                    }
                }
                clients.isDone.store(true, ordering: .relaxed)
                try await group.waitForAll()
            }
            #expect(clients.refused.load(ordering: .relaxed) == 0)
        }
    }
}

/// Clients that come one after the other, each with a connection of its own.
private final class Clients: Sendable {
    let isDone = Atomic(false)
    let refused = Atomic(0)
    let answered = Atomic(0)

    func call(_ shop: Shop) async {
        while !isDone.load(ordering: .relaxed) {
            guard let connection = try? await HTTPConnection.connect(port: shop.daemon.port) else {
                refused.add(1, ordering: .relaxed)
                continue
            }
            let response = try? await connection.send("GET", "/customers")
            if response?.status == 200 { answered.add(1, ordering: .relaxed) }
            connection.close()
        }
    }
}

@Suite(.timeLimit(.minutes(12))) struct `What somebody hands over that is no listening stream socket` {
    @Test func `ends the daemon with a sentence`() async throws {
        let directory = try TemporaryDirectory()
        let script = "exec 3</dev/null; export LISTEN_PID=$$ LISTEN_FDS=1; exec \"$@\""
        let result = try await runCommand([
            "sh", "-c", script, "sh", try Programs.path("ordershopd"), "--state-directory", directory.file("s"),
            "--socket", directory.file("c.sock"), "--http", "127.0.0.1:0",
        ])
        #expect(result.exitCode == 1)
        #expect(result.errors.contains("file descriptor 3"))
        #expect(result.errors.contains("ListenStream="))
    }
}
