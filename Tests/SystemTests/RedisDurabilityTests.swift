import Foundation
import JSON
import Redis
import TestKit
import Testing

/// What a Redis keeps when it ends, and what the daemon makes of one that keeps less.
@Suite(.timeLimit(.minutes(12))) struct `A Redis of the operator's` {
    static let always = ["--appendonly", "yes", "--appendfsync", "always"]
    static let everySecond = ["--appendonly", "yes", "--appendfsync", "everysec"]

    @Test func `that syncs every write loses nothing that was acknowledged, however often it is killed`()
        async throws
    {
        try await withShopOnRedis(Self.always) { shop, redis in
            let goods = [try await shop.stock("Tea", 100_000), try await shop.stock("Cup", 100_000)]
            let ledger = Ledger()
            try await underLoad(shop, goods, ledger) {
                for _ in 0..<4 {
                    try await ledger.growsAgain()
                    try await redis.restart()
                }
                try await ledger.growsAgain()
            }
            try await everythingAcknowledgedIsThere(shop, goods, ledger)
            #expect(try await shop.redisStatus()["lost"] == [])
        }
    }

    @Test func `that lost the end of its file is told of, and the shop goes on behind what was lost`() async throws
    {
        try await withShopOnRedis(Self.everySecond) { shop, redis in
            let goods = [try await shop.stock("Tea", 100_000), try await shop.stock("Cup", 100_000)]
            let (before, after) = (Ledger(), Ledger())
            try await underLoad(shop, goods, before) { try await before.growsAgain(by: 60) }
            try await shop.settle()
            let last = try #require(try await shop.redis.run("GET", "ordershop:clock").string)
            redis.kill()
            try cutInHalf("\(redis.directory.path)/appendonlydir/appendonly.aof.1.incr.aof")
            try await redis.restart()
            try await eventually("it is told") { try await shop.redisStatus()["lost"]?.array?.isEmpty == false }
            let loss = try #require(try await shop.redisStatus()["lost"]?.array?.first)
            #expect(loss["up_to"]?.string == last)
            #expect(HistoryEvent.Place(loss["after"]?.string ?? "") < HistoryEvent.Place(last))
            #expect(shop.daemon.log.contains("error   Redis came back without events that it had acknowledged"))
            let kept = try await History(of: shop).events.count
            try await underLoad(shop, goods, after, name: "d") { try await after.growsAgain(by: 60) }
            let audit = try await Audit(shop)
            after.check(audit.history)
            audit.everyEventIsThereOnce()
            audit.noPieceIsLost(of: goods, pieces: 100_000)
            audit.everyMailIsRequestedOnce()
            try await audit.cacheIsACleanRebuild()
            // No id was issued a second time, nor one below those that are lost.
            #expect(audit.history.events.dropFirst(kept).allSatisfy { $0.place > HistoryEvent.Place(last) })
        }
    }

    @Test(.enabled(if: Disk.canBeMade, "only root can mount the small disk"))
    func `whose disk is full takes no writes until there is room, and loses nothing`() async throws {
        let disk = try await Disk(megabytes: 3)
        try await withShopOnRedis(Self.everySecond + ["--dir", disk.path]) { shop, redis in
            let goods = [try await shop.stock("Tea", 100_000), try await shop.stock("Cup", 100_000)]
            let ledger = Ledger()
            try await underLoad(shop, goods, ledger) {
                try await ledger.growsAgain()
                try disk.fill()
                try await eventually("writes are refused") {
                    let response = try await shop.request("POST", "/customers", customer("Eve"))
                    return response.status == 503 && response.text.contains("cannot write to its disk")
                }
                #expect(try await shop.get("/inventory/\(goods[0].inventory)")["id"]?.string == goods[0].inventory)
                try await eventually("it is shown") {
                    try await shop.redisStatus()["warnings"]?.text.contains("append-only file") == true
                }
                try disk.clear()
                try await ledger.growsAgain()
            }
            try await shop.settle()
            try await redis.restart()
            try await everythingAcknowledgedIsThere(shop, goods, ledger)
        }
    }

    @Test(.enabled(if: Disk.canBeMade, "only root can mount the small disk"))
    func `that syncs every write and finds its disk full ends, and loses nothing`() async throws {
        let disk = try await Disk(megabytes: 3)
        try await withShopOnRedis(Self.always + ["--dir", disk.path]) { shop, redis in
            let goods = [try await shop.stock("Tea", 100_000), try await shop.stock("Cup", 100_000)]
            let ledger = Ledger()
            try await underLoad(shop, goods, ledger) {
                try await ledger.growsAgain()
                try disk.fill()
                try await eventually("it has ended") { !redis.isRunning }
                try await eventually("it is told") {
                    try await shop.request("GET", "/customers").status == 503
                }
                try disk.clear()
                try await redis.restart()
                try await ledger.growsAgain()
            }
            try await everythingAcknowledgedIsThere(shop, goods, ledger)
        }
    }

    private func everythingAcknowledgedIsThere(_ shop: Shop, _ goods: [Goods], _ ledger: Ledger) async throws {
        let audit = try await Audit(shop)
        ledger.check(audit.history)
        audit.everyEventIsThereOnce()
        audit.noPieceIsLost(of: goods, pieces: 100_000)
        audit.everyMailIsRequestedOnce()
        try audit.everyMailIsSentOnce()
        try await audit.cacheIsACleanRebuild()
    }

    private func cutInHalf(_ file: String) throws {
        let handle = try FileHandle(forWritingTo: URL(filePath: file))
        defer { try? handle.close() }
        try handle.truncate(atOffset: try handle.seekToEnd() / 2)
    }
}

@Suite(.timeLimit(.minutes(12))) struct `A daemon that wants a Redis which keeps everything` {
    private func options(_ redis: RedisServer) -> DaemonProcess.Options {
        var options = DaemonProcess.Options(redis: redis.url)
        options.environment = ["ORDERSHOP_REDIS_REQUIRE": "persistent"]
        return options
    }

    @Test(arguments: [
        (["--appendonly", "no"], "it keeps no append-only file"),
        (
            ["--appendonly", "yes", "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"],
            "set maxmemory-policy noeviction"
        ),
    ])
    func `refuses another at the start, touches nothing in it, and says what to do`(
        redis options: [String], reason: String
    ) async throws {
        try await Slots.inTurn {
            let redis = try await RedisServer.start(options: options)
            defer { redis.kill() }
            let daemon = try DaemonProcess(self.options(redis))
            try await daemon.launch()
            let code = try await daemon.exitCode(within: .seconds(20))
            #expect(code != nil && code != 0)
            #expect(daemon.log.contains(reason))
            #expect(try await RedisProbe(url: redis.url).keys("*") == [])
        }
    }

    @Test func `takes one, and shows and logs when it becomes another, and goes on`() async throws {
        try await Slots.inTurn {
            let redis = try await RedisServer.start(options: ["--appendonly", "yes", "--appendfsync", "always"])
            defer { redis.kill() }
            try await withShop(options(redis), inTurn: false) { shop in
                #expect(try await shop.redisStatus()["keeps"] == "every write")
                #expect(try await shop.redisStatus()["warnings"] == [])
                _ = try await shop.redis.run("CONFIG", "SET", "appendonly", "no")
                _ = try await shop.redis.run("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                try await eventually("it is shown") { try await shop.redisStatus()["keeps"] == "nothing" }
                #expect(shop.daemon.log.contains("error   Redis is not what redis.require asks for"))
                _ = try await shop.createOne("/customers", customer("Ada"))
                _ = try await shop.redis.run("CONFIG", "SET", "appendonly", "yes")
                try await eventually("it is well again") { try await shop.redisStatus()["warnings"] == [] }
            }
        }
    }

    @Test func `is ended while it waits for Redis`() async throws {
        try await Slots.inTurn {
            let directory = try TemporaryDirectory()
            var options = DaemonProcess.Options(redis: "unix://\(directory.file("redis.sock"))")
            options.environment = ["ORDERSHOP_REDIS_REQUIRE": "persistent"]
            let daemon = try DaemonProcess(options)
            try await daemon.launch()
            try await eventually("it waits for Redis") { daemon.log.contains("waiting for Redis") }
            daemon.signal(SIGTERM)
            #expect(try await daemon.exitCode() == 0)
        }
    }
}
