import Foundation
import JSON
import Synchronization
import TestKit
import Testing

/// A Redis that is there, but does not do what it is asked.
@Suite(.timeLimit(.minutes(12))) struct `A Redis in trouble` {
    @Test func `that reaches its maxmemory under load writes whole steps or nothing, and reads go on`() async throws
    {
        try await withShopOnRedis { shop, redis in
            let goods = [try await shop.stock("Tea", 100_000), try await shop.stock("Cup", 100_000)]
            let ledger = Ledger()
            try await underLoad(shop, goods, ledger) {
                try await ledger.growsAgain()
                let used = try await shop.redis.info("used_memory").flatMap { Int($0) } ?? 0
                _ = try await shop.redis.run("CONFIG", "SET", "maxmemory", "\(used + 100_000)")
                try await eventually("writes are refused") {
                    let response = try await shop.request("POST", "/customers", customer("Eve"))
                    return response.status == 503 && response.text.contains("has reached its maxmemory")
                }
                #expect(try await shop.get("/inventory/\(goods[0].inventory)")["id"]?.string == goods[0].inventory)
                #expect(try await shop.get("/customers").array?.isEmpty == false)
                _ = try await shop.redis.run("CONFIG", "SET", "maxmemory", "0")
                try await recovers(shop)
                try await ledger.growsAgain()
            }
            try await nothingIsWrong(shop, goods, ledger)
        }
    }

    @Test func `that a script blocks is told of as such, and all goes on when the script ends`() async throws {
        try await withShopOnRedis(["--busy-reply-threshold", "100"]) { shop, redis in
            let goods = [try await shop.stock("Tea", 100_000), try await shop.stock("Cup", 100_000)]
            let ledger = Ledger()
            try await underLoad(shop, goods, ledger) {
                try await ledger.growsAgain()
                async let blocking = try? shop.redis.run("EVAL", "while true do end", "0")
                for (method, path) in [("POST", "/customers"), ("GET", "/customers"), ("DELETE", "/customer/x")] {
                    try await eventually("it is told") {
                        let body = method == "POST" ? customer("Eve").text : nil
                        let response = try await shop.request(method, path, body: body)
                        return response.status == 503 && response.text.contains("blocked by a script")
                    }
                }
                _ = try await shop.redis.run("SCRIPT", "KILL")
                _ = await blocking
                try await recovers(shop)
                try await ledger.growsAgain()
            }
            try await nothingIsWrong(shop, goods, ledger)
        }
    }

    @Test func `that stands still is found out soon, and all goes on when it moves again`() async throws {
        try await withShopOnRedis { shop, redis in
            let goods = [try await shop.stock("Tea", 100_000), try await shop.stock("Cup", 100_000)]
            let (ledger, daemon) = (Ledger(), shop.daemon.processID)
            try await underLoad(shop, goods, ledger, clients: 16) {
                try await ledger.growsAgain()
                redis.pause()
                // Once it is known, nobody waits any more: neither for a read nor for a new write.
                try await eventually("it is found out", within: .seconds(6)) {
                    try await shop.request("GET", "/customers").status == 503
                }
                for (method, path) in [("POST", "/customers"), ("GET", "/customers"), ("GET", "/report")] {
                    let body = method == "POST" ? customer("Eve").text : nil
                    let (response, time) = try await timed {
                        try await shop.request(method, path, body: body)
                    }
                    try expectProblem(response, 503, "\(method) \(path)")
                    #expect((try? response.json())?["type"] == "urn:ordershop:problem:unavailable")
                    #expect(time < .milliseconds(1_500))
                }
                let (status, time) = try await timed { try await shop.redisStatus() }
                #expect(status["connected"] == false)
                #expect(time < .milliseconds(1_500))
                try await Task.sleep(for: .seconds(4))
                redis.resume()
                try await recovers(shop)
                try await ledger.growsAgain()
            }
            #expect(shop.daemon.processID == daemon && shop.daemon.isRunning)
            try await nothingIsWrong(shop, goods, ledger)
            #expect(try await shop.redisStatus()["lost"] == [])
        }
    }

    @Test func `that stands still while many write does not fill the daemon's memory`() async throws {
        try await withShopOnRedis { shop, redis in
            _ = try await shop.createOne("/customers", customer("Ada"))
            let before = try residentMegabytes(of: shop)
            redis.pause()
            // As much as they can, for as long as it stands still.
            let long = String(repeating: "x", count: 100)
            let body = JSONValue.array(
                (0..<100).map { ["name": .string(long), "email": .string("\($0)@example.org")] })
            let tally = Tally()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        while !Task.isCancelled {
                            let response = try? await shop.request("POST", "/customers", body)
                            tally.note(response?.status)
                        }
                    }
                }
                try await Task.sleep(for: .seconds(5))
                #expect(try residentMegabytes(of: shop) < before + 150)
                #expect(Set(tally.statuses.keys) == [503])
                group.cancelAll()
                redis.resume()
                try await group.waitForAll()
            }
            try await recovers(shop)
        }
    }

    @Test func `that became a replica takes no writes until it is a primary, and reads go on`() async throws {
        try await withShopOnRedis { shop, redis in
            let ada = try await shop.createOne("/customers", customer("Ada"))
            try await shop.settle()
            _ = try await shop.redis.run("REPLICAOF", "127.0.0.1", "1")
            let response = try await shop.request("POST", "/customers", customer("Eve"))
            try expectProblem(response, 503, "create")
            #expect(response.text.contains("is a read-only replica"))
            #expect(try await shop.get("/customer/\(ada)")["name"] == "Ada")
            try await eventually("it is shown") { try await shop.redisStatus()["role"] == "replica" }
            _ = try await shop.redis.run("REPLICAOF", "NO", "ONE")
            try await recovers(shop)
            try await shop.settle()
            #expect(try shop.mailFiles().count == (try await shop.get("/customers").array?.count))
        }
    }

    @Test func `that is loading its data is waited for, and every request is answered meanwhile`() async throws {
        let options = ["--appendonly", "yes", "--appendfsync", "always", "--key-load-delay", "2000"]
        try await withShopOnRedis(options) { shop, redis in
            let ada = try await shop.createOne("/customers", customer("Ada"))
            for number in 0..<20 { _ = try await shop.createOne("/customers", customer("c\(number)")) }
            try await shop.settle()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await redis.restart() }
                group.addTask {
                    while !Task.isCancelled {
                        let (response, time) = try await timed { try await shop.request("GET", "/customer/\(ada)") }
                        #expect([200, 503].contains(response.status))
                        #expect(time < .seconds(4))
                        try? await Task.sleep(for: .milliseconds(10))
                    }
                }
                try await group.next()
                group.cancelAll()
                try await group.waitForAll()
            }
            try await recovers(shop)
            #expect(try await shop.get("/customer/\(ada)")["name"] == "Ada")
        }
    }

    // MARK: Words

    /// Within the second that is promised, and some for a busy machine.
    private func recovers(_ shop: Shop) async throws {
        try await eventually("it is back", within: .seconds(3)) {
            try await shop.request("POST", "/customers", customer("Back")).status == 200
        }
    }

    private func nothingIsWrong(_ shop: Shop, _ goods: [Goods], _ ledger: Ledger) async throws {
        let audit = try await Audit(shop)
        ledger.check(audit.history)
        audit.everyEventIsThereOnce()
        audit.noPieceIsLost(of: goods, pieces: 100_000)
        audit.everyMailIsRequestedOnce()
        try audit.everyMailIsSentOnce()
        try await audit.cacheIsACleanRebuild()
    }

    private func timed<T>(_ body: () async throws -> T) async throws -> (T, Duration) {
        let start = ContinuousClock.now
        return (try await body(), ContinuousClock.now - start)
    }

    private func residentMegabytes(of shop: Shop) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(shop.daemon.processID ?? 0)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        return (line.split(separator: " ").compactMap { Int($0) }.first ?? 0) / 1_024
    }
}

/// How often which status was answered; 0 stands for none.
private final class Tally: Sendable {
    private let counts = Mutex<[Int: Int]>([:])

    var statuses: [Int: Int] { counts.withLock(\.self) }
    func note(_ status: Int?) { counts.withLock { $0[status ?? 0, default: 0] += 1 } }
}
