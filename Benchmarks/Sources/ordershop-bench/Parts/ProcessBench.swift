import Foundation
import Redis

/// The daemon as the system sees it: how soon it is there, and what it takes.
func measureProcess(_ round: Round, _ report: inout Report) async throws {
    try await measureStart(round, &report)
    try await measureIdle(round, &report)
    try await measureBinary(round, &report)
    try await measureEventSize(round, &report)
}

private func measureStart(_ round: Round, _ report: inout Report) async throws {
    _ = try await startTime("new", round)
    report.add("from exec to READY=1", .milliseconds, try await startTime("new", round), in: "process", .atMost(60))
    let shop = try await ServerUnderTest.shop("full", binaries: round.binaries, redis: round.redis)
    try await ShopBench(shop).customers(round.count(200_000))
    try await shop.settle()
    shop.stop()
    report.add(
        "  of a shop with \(round.count(200_000) / 1_000),000 customers", .milliseconds,
        try await startTime("full", round), in: "process", .atMost(60))
}

/// - Returns: milliseconds from the fork to the message that systemd waits for.
private func startTime(_ shop: String, _ round: Round) async throws -> Double {
    let notices = try NoticeSocket(path: round.redis.directory + "/notify")
    defer { notices.close() }
    let directory = "\(round.redis.directory)/\(shop)"
    let port = freePort()
    let start = now()
    let program = try Program(
        "\(round.binaries)/ordershopd",
        [
            "--redis", "unix://\(round.redis.socket)", "--shop", shop, "--socket", directory + ".sock", "--http",
            "127.0.0.1:\(port)", "--state-directory", directory,
        ], log: directory + ".log", environment: ["NOTIFY_SOCKET": notices.path])
    defer { program.stop() }
    try await onThread { try notices.wait(for: "READY=1") }
    return Double(now() - start) / 1e6
}

private func measureIdle(_ round: Round, _ report: inout Report) async throws {
    let bare = try await ServerUnderTest.bare(post: "{}", get: "{}", redis: round.redis)
    defer { bare.stop() }
    let shop = try await ServerUnderTest.shop("idle", binaries: round.binaries, redis: round.redis)
    defer { shop.stop() }
    try await Task.sleep(for: .seconds(5))
    let before = (shop.facts.processorSeconds, shop.facts.wakeUps)
    let seconds = max(5, 30 * round.scale)
    try await Task.sleep(for: .seconds(seconds))
    let after = (shop.facts.processorSeconds, shop.facts.wakeUps)
    report.add("bare Hummingbird server, idle: memory", .megabytes, bare.facts.megabytes, in: "process")
    report.add(
        "idle, all modules: memory", .megabytes, shop.facts.megabytes, of: bare.facts.megabytes, "bare server",
        in: "process", .ratio(atMost: 1.5))
    report.add("  processor", .percent, (after.0 - before.0) / seconds * 100, in: "process", .atMost(0.2))
    report.add("  wake-ups", (after.1 - before.1) / seconds, in: "process", .atMost(5))
}

private func measureBinary(_ round: Round, _ report: inout Report) async throws {
    guard round.isFirst else { return }
    let bare = try await stripped(ServerUnderTest.bareServer(), round)
    let ours = try await stripped("\(round.binaries)/ordershopd", round)
    report.add("bare Hummingbird server: its binary, stripped", .megabytes, bare, in: "process")
    report.add("ordershopd: its binary, stripped", .megabytes, ours, in: "process", .atMost(bare + 12))
}

private func stripped(_ path: String, _ round: Round) async throws -> Double {
    let copy = round.redis.directory + "/stripped"
    _ = try await run("strip", ["-o", copy, path])
    let size = try FileManager.default.attributesOfItem(atPath: copy)[.size] as? Int
    return Double(size ?? 0) / 1e6
}

/// What an event takes of Redis's memory, beside a bare XADD of the same event.
private func measureEventSize(_ round: Round, _ report: inout Report) async throws {
    let count = round.count(50_000)
    let shop = try await ServerUnderTest.shop("size", binaries: round.binaries, redis: round.redis)
    try await ShopBench(shop).customers(count)
    shop.stop()
    let (ours, bare) = try await round.redis.withClient { redis in
        let stream = "{size}:events:{customer}_created"
        let script = """
            for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '-', '+')) do
                local fields = {}
                for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
                redis.call('XADD', KEYS[2], entry[1], 'event_id', fields.event_id, 'entity', fields.entity)
            end
            return {redis.call('MEMORY', 'USAGE', KEYS[1], 'SAMPLES', 0),
                redis.call('MEMORY', 'USAGE', KEYS[2], 'SAMPLES', 0)}
            """
        let sizes = try await redis.send(
            RedisCommand("EVAL", script, "2", stream, "{size}:bare"))
        guard let ours = sizes.array?.first?.int, let bare = sizes.array?.last?.int else {
            throw BenchError("no sizes: \(sizes)")
        }
        return (Double(ours) / Double(count), Double(bare) / Double(count))
    }
    report.add("a customer's event, bare XADD", .bytes, bare, in: "process")
    report.add(
        "  as the shop writes it", .bytes, ours, of: bare, "bare XADD", in: "process", .ratio(atMost: 1.3))
}
