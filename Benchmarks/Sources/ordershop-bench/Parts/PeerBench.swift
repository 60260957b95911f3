import Foundation

/// The same work by programs that people write today: a Flask service over redis-py, run by gunicorn, and a consumer
/// group read by redis-py with hiredis.
func measurePeers(_ round: Round, _ report: inout Report) async throws {
    let group = "peers"
    let python = try await Peers.python(in: round)
    let flask = try await Peers.flask(python, round)
    defer { flask.stop() }
    let shop = try await ServerUnderTest.shop("peer", binaries: round.binaries, redis: round.redis)
    defer { shop.stop() }
    let (theirs, ours) = (ShopBench(flask), ShopBench(shop))
    let (theirGoods, ourGoods) = (
        try await theirs.stock(products: 1_000, pieces: 1_000_000),
        try await ours.stock(products: 1_000, pieces: 1_000_000)
    )
    try await theirs.warmUp(theirGoods)
    try await ours.warmUp(ourGoods)

    let theirOrders = try await theirs.orders(round.count(5_000), theirGoods)
    report.add("Flask: order 2 of 1,000 products", theirOrders.perSecond, in: group)
    let ourOrders = try await ours.orders(round.count(40_000), ourGoods)
    report.add(
        "ordershopd: order 2 of 1,000 products", ourOrders.perSecond, of: theirOrders.perSecond, "Flask", in: group)
    report.add("Flask: p99", .milliseconds, theirOrders.milliseconds(99), in: group)
    report.add(
        "ordershopd: p99", .milliseconds, ourOrders.milliseconds(99), of: theirOrders.milliseconds(99), "Flask",
        in: group)
    try await shop.settle()
    let theirReads = try await theirs.reads(round.count(10_000), theirGoods).perSecond
    report.add("Flask: read one customer", theirReads, in: group)
    let ourReads = try await ours.reads(round.count(100_000), ourGoods).perSecond
    report.add("ordershopd: read one customer", ourReads, of: theirReads, "Flask", in: group)
    report.add("Flask and gunicorn: memory", .megabytes, flask.facts.withChildren, in: group)
    report.add(
        "ordershopd: memory", .megabytes, shop.facts.megabytes, of: flask.facts.withChildren, "Flask", in: group)
    try await measureConsumers(round, python, &report)
}

private func measureConsumers(_ round: Round, _ python: String, _ report: inout Report) async throws {
    let count = round.count(1_000_000)
    let ours = try await round.redis.withClient { client in
        let bench = DeliveryBench(redis: client)
        try await bench.fill(count)
        return try await bench.deliver(count)
    }
    let text = try await run(
        python, [Peers.directory + "/consumer.py", round.redis.socket, "events:{customer}_created", "\(count)"])
    guard let theirs = Double(text.split(separator: "\n").last ?? "") else {
        throw BenchError("the consumer said: \(text)")
    }
    report.add("redis-py with hiredis: take events of a consumer group", theirs, in: "peers")
    report.add(
        "a module that does nothing: the same, with its checkpoint", ours, of: theirs, "redis-py", in: "peers")
}

private enum Peers {
    /// `make bench` runs from the project's root.
    static let directory = "Benchmarks/peers"

    /// An interpreter that has what the peers need, from PyPI.
    static func python(in round: Round) async throws -> String {
        let environment = "Benchmarks/.build/peers"
        let python = environment + "/bin/python3"
        if round.isFirst {
            _ = try await run("python3", ["-m", "venv", environment])
            _ = try await run(
                python, ["-m", "pip", "install", "--quiet", "--requirement", directory + "/requirements.txt"])
        }
        return python
    }

    /// As many workers as there are cores, with threads for all of the load's connections.
    static func flask(_ python: String, _ round: Round) async throws -> ServerUnderTest {
        let port = freePort()
        let cores = ProcessInfo.processInfo.activeProcessorCount
        return try await .start(
            python,
            [
                "-m", "gunicorn", "--chdir", directory, "--bind", "127.0.0.1:\(port)", "--workers", "\(cores)",
                "--threads", "32", "--keep-alive", "60", "shop:app",
            ], port: port, page: "/customer/1", log: round.redis.directory + "/flask.log",
            environment: ["REDIS_SOCKET": round.redis.socket])
    }
}

extension ProcessFacts {
    /// In MB, together with the workers that it has started.
    fileprivate var withChildren: Double {
        let list = (try? String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8)) ?? ""
        let children = list.split(separator: " ").compactMap { pid_t($0) }
        return megabytes + children.reduce(0) { $0 + ProcessFacts(pid: $1).megabytes }
    }
}
