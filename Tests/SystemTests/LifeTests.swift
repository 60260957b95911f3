import Foundation
import JSON
import JSONRPC
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `The life of the daemon` {
    @Test(arguments: [SIGTERM, SIGINT]) func `a signal ends it cleanly while idle`(_ signal: Int32) async throws {
        try await withShop { shop in
            _ = try await shop.createOne("/customers", customer("Ada"))
            let redis = try #require(try await shop.redis.info("process_id").flatMap { Int32($0) })
            let idle = try await HTTPConnection.connect(port: shop.daemon.port)
            _ = try await idle.send("GET", "/customers")
            let socket = try await JSONRPCClient.connect(path: shop.daemon.socketPath)
            _ = try await socket.call("module.list")
            shop.daemon.signal(signal)
            let clock = ContinuousClock()
            let start = clock.now
            #expect(try await shop.daemon.exitCode() == 0)
            #expect(clock.now - start < .seconds(30))
            // Its Redis is gone before it is, and so are its sockets.
            #expect(kill(redis, 0) == -1)
            #expect(!FileManager.default.fileExists(atPath: shop.daemon.socketPath))
            await #expect(throws: (any Error).self) { try await HTTPConnection.connect(port: shop.daemon.port) }
        }
    }

    @Test func `SIGTERM under load ends it cleanly and loses nothing`() async throws {
        try await withShop { shop in
            let goods = [try await shop.stock("Tea", 100_000), try await shop.stock("Cup", 100_000)]
            try await shop.settle()
            let ledger = Ledger()
            try await underLoad(shop, goods, ledger, pause: .milliseconds(2)) {
                for _ in 0..<3 {
                    let before = ledger.acknowledged
                    try await eventually("clients are served") { ledger.acknowledged > before + 30 }
                    shop.daemon.signal(SIGTERM)
                    #expect(try await shop.daemon.exitCode() == 0)
                    try await shop.daemon.start()
                }
            }
            let audit = try await Audit(shop)
            ledger.check(audit.history)
            audit.everyEventIsThereOnce()
            audit.noPieceIsLost(of: goods, pieces: 100_000)
            audit.everyMailIsRequestedOnce()
            try audit.everyMailIsSentOnce()
        }
    }

    @Test func `SIGHUP reads the settings again and ends nothing`() async throws {
        try await withShop { shop in
            let daemon = shop.daemon.processID
            for _ in 0..<3 { shop.daemon.signal(SIGHUP) }
            try await eventually("it has read them") { shop.daemon.log.contains("settings read again") }
            _ = try await shop.createOne("/customers", customer("Ada"))
            #expect(shop.daemon.isRunning && shop.daemon.processID == daemon)
        }
    }

    @Test func `a second daemon on the same state directory is refused and told of the first`() async throws {
        try await withShop { shop in
            var options = DaemonProcess.Options()
            options.stateDirectory = shop.daemon.stateDirectory
            let second = try DaemonProcess(options)
            try await second.launch()
            let code = try await second.exitCode()
            #expect(code != nil && code != 0)
            for fact in [shop.daemon.stateDirectory, "\(shop.daemon.processID ?? 0)", shop.daemon.socketPath] {
                #expect(second.log.contains(fact))
            }
            #expect(second.log.split(separator: "\n").count <= 3)
            _ = try await shop.createOne("/customers", customer("Ada"))
        }
    }

    @Test func `a port or socket that is taken ends it with a sentence`() async throws {
        try await withShop { shop in
            let program = try Programs.path("ordershopd")
            let directory = try TemporaryDirectory()
            let result = try await runCommand([
                program, "--redis", shop.daemon.redis, "--state-directory", directory.file("s"), "--socket",
                directory.file("c.sock"), "--http", "127.0.0.1:\(shop.daemon.port)",
            ])
            #expect(result.exitCode != nil && result.exitCode != 0)
            #expect(result.errors.contains("127.0.0.1:\(shop.daemon.port)"))
            let other = try await runCommand([
                program, "--redis", shop.daemon.redis, "--state-directory", directory.file("s"), "--socket",
                shop.daemon.socketPath, "--http", "127.0.0.1:\(try LoopbackPort.free())",
            ])
            #expect(other.exitCode != nil && other.exitCode != 0)
            #expect(other.errors.contains(shop.daemon.socketPath))
            #expect(try await shop.get("/customers") == [])
            #expect(try await shop.call("customer.list") == [])
        }
    }

    @Test func `it comes back after SIGKILL on the same port and socket`() async throws {
        try await withShop { shop in
            let ada = try await shop.createOne("/customers", customer("Ada"))
            shop.daemon.kill()
            try await shop.daemon.start()
            #expect(try await shop.get("/customer/\(ada)")["name"] == "Ada")
            #expect(try await shop.call("customer.get", ["id": .string(ada)])["name"] == "Ada")
        }
    }
}
