import Foundation
import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `A Redis that is lost` {
    @Test func `is started again and nothing that was acknowledged is lost`() async throws {
        try await withShop { shop in
            let goods = [try await shop.stock("Tea", 100_000), try await shop.stock("Cup", 100_000)]
            try await shop.settle()
            let ledger = Ledger()
            let daemon = shop.daemon.processID
            try await underLoad(shop, goods, ledger) {
                for _ in 0..<4 {
                    // At "everysec" Redis holds writes back while its disk is slow to sync, and a kill takes them along.
                    _ = try await shop.redis.run("CONFIG", "SET", "appendfsync", "always")
                    let before = ledger.acknowledged
                    try await eventually("clients are served") { ledger.acknowledged > before + 20 }
                    let redis = try #require(try await shop.redis.info("process_id").flatMap { Int32($0) })
                    kill(redis, SIGKILL)
                    try await eventually("it is another Redis", within: .seconds(20)) {
                        try await shop.redis.info("process_id") != "\(redis)"
                    }
                }
                let before = ledger.acknowledged
                try await eventually("clients are served", within: .seconds(20)) { ledger.acknowledged > before }
            }
            #expect(shop.daemon.isRunning && shop.daemon.processID == daemon)
            let audit = try await Audit(shop)
            ledger.check(audit.history)
            audit.everyEventIsThereOnce()
            audit.noPieceIsLost(of: goods, pieces: 100_000)
            audit.everyMailIsRequestedOnce()
            try audit.everyMailIsSentOnce()
            try await audit.cacheIsACleanRebuild()
        }
    }

    @Test func `makes reads and writes a 503 until it is back`() async throws {
        try await Slots.inTurn {
            let redis = try await RedisServer.start(options: ["--appendonly", "yes", "--appendfsync", "always"])
            defer { redis.kill() }
            try await withShop(.init(redis: redis.url), inTurn: false) { shop in
                let ada = try await shop.createOne("/customers", customer("Ada"))
                redis.kill()
                for _ in 0..<3 {
                    try expectProblem(await shop.request("GET", "/customer/\(ada)"), 503, "get")
                    try expectProblem(await shop.request("POST", "/customers", customer("Eve")), 503, "create")
                    try expectProblem(await shop.request("DELETE", "/customer/\(ada)"), 503, "delete")
                }
                for path in ["/customers", "/orders/unbilled", "/report"] {
                    try expectProblem(await shop.request("GET", path), 503, path)
                }
                let status = try await shop.call("daemon.status")
                #expect(status["redis"]?["connected"] == false)
                try await redis.restart()
                try await eventually("it is back") { try await shop.request("GET", "/customers").status == 200 }
                #expect(try await shop.get("/customers").array?.count == 1)
                _ = try await shop.createOne("/customers", customer("Eve"))
                try await shop.settle()
                #expect(try shop.mailFiles().count == 2)
            }
        }
    }

    @Test func `makes writes a 503 while it has no memory for them, and reads go on`() async throws {
        try await Slots.inTurn {
            let redis = try await RedisServer.start()
            defer { redis.kill() }
            try await withShop(.init(redis: redis.url), inTurn: false) { shop in
                let ada = try await shop.createOne("/customers", customer("Ada"))
                try await shop.settle()
                _ = try await shop.redis.run("CONFIG", "SET", "maxmemory", "1")
                try expectProblem(await shop.request("POST", "/customers", customer("Eve")), 503, "create")
                #expect(try await shop.get("/customer/\(ada)")["name"] == "Ada")
                #expect(try await shop.get("/customers").array?.count == 1)
                _ = try await shop.redis.run("CONFIG", "SET", "maxmemory", "0")
                try await eventually("it takes writes") {
                    try await shop.request("POST", "/customers", customer("Eve")).status == 200
                }
                try await shop.settle()
                #expect(try shop.mailFiles().count == 2)
            }
        }
    }
}
