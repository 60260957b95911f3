import JSON
import Redis
import Synchronization
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `The Redis user that comes with the package` {
    // MARK: Enough

    @Test(arguments: [nil, "berlin"])
    func `may do all that a daemon does`(name: String?) async throws {
        try await withShop(as: name) { shop, redis in
            _ = try await redis.run("ACL", "LOG", "RESET")
            try await Self.work(in: shop)
            try await Self.switchAndReplay(in: shop)
            try await Self.repair(shop, redis)
            try await Self.trimAndRestart(shop)
            #expect(try await Self.refused(redis) == [])
            let status = try await shop.redisStatus()
            #expect(status["keeps"] == "an append-only file")
            #expect(status["warnings"] == [])
        }
    }

    @Test func `may put archives back into an empty shop`() async throws {
        try await withShop(as: nil) { shop, _ in
            try await Self.work(in: shop)
            try await Self.trim(shop)
            let customers = try await shop.get("/customers")
            try await withShop(as: "past", archives: "\(shop.daemon.stateDirectory)/archive") { past, redis in
                for archive in try await past.call("archive.list").array ?? [] {
                    _ = try await past.call("archive.restore", ["file": archive["file"] ?? .null])
                }
                try await past.settle()
                #expect(try await past.get("/customers") == customers)
                #expect(try await Self.refused(redis) == [])
            }
        }
    }

    /// What Redis has refused to anybody, but for the settings, which the daemon can do without.
    private static func refused(_ redis: RedisProbe) async throws -> [String] {
        let log = try await redis.run("ACL", "LOG").array ?? []
        return log.compactMap(\.array).map { entry in entry.map { $0.string ?? "" }.joined(separator: " ") }
            .filter { !$0.contains("config|get") }
    }

    private static func work(in shop: Shop) async throws {
        let tea = try await shop.stock("Tea", 20)
        let people = try await shop.create("/customers", ["Ada", "Bob", "Cy"].map(customer).json)
        let orders = try await shop.create("/orders", people.map { order([tea.product], by: $0) }.json)
        _ = try await shop.createOne("/billings", billing(orders[0]))
        _ = try await shop.request("PUT", "/customer/\(people[0])", customer("Eve")).taken()
        _ = try await shop.request("PUT", "/order/\(orders[1])", order([tea.product, tea.product], by: people[1]))
            .taken()
        _ = try await shop.request("DELETE", "/order/\(orders[2])").taken()
        _ = try await shop.request("DELETE", "/customer/\(people[2])").taken()
        _ = try await shop.call("inventory.increment", ["id": .string(tea.inventory), "amount": 3])
        // A customer of whom somebody forgot the address is parked.
        _ = try await shop.appendForeign("customer_created", ["id": .string(nobody), "name": "Mallory"])
        try await eventually("it is parked") { try await shop.modules()["crm"]?["parked"] == 1 }
        _ = try await shop.call("parked.list", ["module": "crm"])
        _ = try await shop.call("parked.discard", ["module": "crm", "all": true])
        try await shop.settle()
    }

    private static func switchAndReplay(in shop: Shop) async throws {
        try await shop.setEnabled(false, "crm")
        _ = try await shop.createOne("/customers", customer("Late"))
        _ = try await shop.call("module.preview", ["name": "crm"])
        try await shop.setEnabled(true, "crm")
        try await shop.settle()
        _ = try await shop.call("module.replay", ["name": "crm", "from": "2020-01-01T00:00:00Z"])
        try await shop.settle()
        _ = try await shop.call("module.list")
    }

    private static func repair(_ shop: Shop, _ redis: RedisProbe) async throws {
        let id = try #require(try await redis.strings("SMEMBERS", "\(shop.prefix)customer_ids").first)
        _ = try await redis.run("HSET", "\(shop.prefix)customer_entity:\(id)", "name", "Trudy")
        _ = try await redis.run("SADD", "\(shop.prefix)customer_ids", "nobody")
        _ = try await redis.run("DEL", "\(shop.prefix)ordershop:index:order.unbilled")
        let mended = try await shop.call("projection.verify", ["repair": true])
        #expect(mended["differences"] == mended["mended"] && mended["differences"]?.number?.int64 ?? 0 >= 3)
        _ = try await shop.call("projection.rebuild", ["topic": "order"])
    }

    private static func trim(_ shop: Shop) async throws {
        _ = try await shop.call("retention.show")
        _ = try await shop.call("retention.apply", ["before": "2100-01-01T00:00:00Z"])
    }

    private static func trimAndRestart(_ shop: Shop) async throws {
        try await trim(shop)
        let report = try await shop.get("/report")
        shop.daemon.kill()
        try await shop.daemon.start()
        try await shop.settle()
        #expect(try await shop.get("/report") == report)
        #expect(try await shop.ctl("projection", "verify").exitCode == 0)
        try await trim(shop)
    }

    // MARK: No more

    @Test(arguments: [
        "FLUSHALL", "FLUSHDB", "KEYS *", "CONFIG GET dir", "CONFIG SET dir /tmp", "SHUTDOWN", "LATENCY RESET",
        "ACL LIST", "ACL SETUSER ordershop allkeys", "MONITOR", "SAVE", "BGREWRITEAOF", "REPLICAOF NO ONE",
        "MODULE LIST", "CLIENT LIST", "SCRIPT FLUSH", "EVAL return(1) 0", "FUNCTION LIST", "SWAPDB 0 1",
        "DEL events:{customer}_created", "UNLINK events:{customer}_created", "XDEL events:{customer}_created 1-1",
        "EXPIRE events:{customer}_created 1", "RENAME events:{customer}_created ordershop:gone",
        "SET events:{customer}_created x", "RENAME ordershop:clock events:{customer}_created",
        "XGROUP CREATE events:{customer}_created g $", "RESTORE events:{customer}_created 0 x",
        "DEL checkpoint:crm", "SET foreign 1", "GET foreign", "GET {berlin}:ordershop:clock",
        "XRANGE {berlin}:events:{customer}_created - +", "PUBLISH channel x", "SUBSCRIBE channel",
    ])
    func `may do nothing else`(line: String) async throws {
        let words = line.split(separator: " ").map(String.init)
        try await withRedisAsShippedUser { redis in
            let error = await #expect(throws: RedisError.self) {
                try await redis.pipeline([RedisCommand(words[0], arguments: Array(words.dropFirst()))])
            }
            #expect(error?.serverCode == .noperm, "\(error?.message ?? "")")
        }
    }

    @Test(arguments: [
        "redis.call('DEL', 'events:{customer}_created')", "redis.call('UNLINK', 'events:{customer}_created')",
        "redis.call('FLUSHALL')", "redis.call('SET', 'foreign', '1')",
        "redis.call('RENAME', 'ordershop:clock', 'events:{customer}_created')",
    ])
    func `may not do it by a script either`(script: String) async throws {
        try await withRedisAsShippedUser { redis in
            let digest = try await redis.run("SCRIPT", "LOAD", script).string ?? ""
            let error = await #expect(throws: RedisError.self) {
                try await redis.run("EVALSHA", digest, "1", "ordershop:clock")
            }
            #expect(error?.serverCode == .noperm, "\(error?.message ?? "")")
        }
    }

    // MARK: Too little

    @Test func `is told of, with the command, where it may do less than the daemon needs`() async throws {
        try await withRedisServer { redis in
            try ShippedUser().join(redis.url)
            _ = try await RedisProbe(url: redis.url).run("ACL", "SETUSER", "ordershop", "clearselectors")
            var options = DaemonProcess.Options(redis: redis.url)
            options.environment["ORDERSHOP_REDIS_USER"] = "ordershop"
            let daemon = try DaemonProcess(options)
            try await daemon.launch()
            try await eventually("the log says what is missing") {
                daemon.log.contains("does not permit this to its user") && daemon.log.contains("NOPERM")
            }
            // Given what it lacks, it goes on by itself.
            try ShippedUser().join(redis.url)
            try await daemon.waitUntilServing()
            #expect(await daemon.stop() == 0)
        }
    }

    @Test func `is asked for Redis's settings once, and not with every look`() async throws {
        try await withShop(as: nil) { _, redis in
            let asked = Mutex(0)
            try await eventually("Redis was looked at three times", within: .seconds(60)) {
                // Not counting these looks of ours.
                let ours = asked.withLock { asked in
                    asked += 1
                    return asked
                }
                return try await Self.calls("info", "calls", redis) - ours >= 3
            }
            #expect(try await Self.calls("config|get", "rejected_calls", redis) == 7)
        }
    }

    /// A number that INFO tells of a command.
    private static func calls(_ command: String, _ number: String, _ redis: RedisProbe) async throws -> Int {
        let text = try await redis.run("INFO", "commandstats").string ?? ""
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_\(command):") } ?? ""
        let fact = line.split(whereSeparator: { ",:".contains($0) }).first { $0.hasPrefix("\(number)=") }
        return fact.flatMap { Int($0.dropFirst(number.utf8.count + 1)) } ?? 0
    }

    // MARK: Set-up

    /// A shop on a Redis with an append-only file, as the user that is shipped for it. `redis` may do anything.
    private func withShop<T: Sendable>(
        as name: String?, archives: String? = nil,
        _ body: @escaping @Sendable (Shop, RedisProbe) async throws -> T
    ) async throws -> T {
        try await withRedisServer(options: ["--appendonly", "yes"]) { redis in
            let user = try ShippedUser(shop: name)
            try user.join(redis.url)
            var options = DaemonProcess.Options(redis: redis.url, shop: name)
            options.environment["ORDERSHOP_REDIS_USER"] = user.name
            if let archives { options.environment["ORDERSHOP_ARCHIVE_DIRECTORY"] = archives }
            return try await SystemTests.withShop(options, inTurn: archives == nil) {
                try await body($0, RedisProbe(url: redis.url))
            }
        }
    }

    private func withRedisAsShippedUser<T>(_ body: (RedisProbe) async throws -> T) async throws -> T {
        try await withRedisServer { redis in
            try ShippedUser().join(redis.url)
            return try await body(RedisProbe(url: redis.url, user: "ordershop"))
        }
    }
}

extension [JSONValue] {
    fileprivate var json: JSONValue { .array(self) }
}
