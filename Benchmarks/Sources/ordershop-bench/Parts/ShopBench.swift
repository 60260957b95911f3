import Foundation
import Redis

/// The whole daemon over REST, beside a server that does nothing and answers with the same bytes.
func measureShop(_ round: Round, _ report: inout Report) async throws {
    let group = "shop"
    let shop = try await ServerUnderTest.shop("bench", binaries: round.binaries, redis: round.redis)
    defer { shop.stop() }
    let bench = ShopBench(shop)
    let goods = try await bench.stock(products: 1_000, pieces: 1_000_000)
    let answers = try await bench.answers(goods)
    let bare = try await ServerUnderTest.bare(post: answers.post, get: answers.get, redis: round.redis)
    defer { bare.stop() }
    let ceiling = ShopBench(bare)
    try await bench.warmUp(goods)
    try await ceiling.warmUp(goods)

    let posts = try await ceiling.orders(round.count(100_000), goods).perSecond
    report.add("bare route: POST, 32 clients", posts, in: group)
    let spread = try await bench.orders(round.count(40_000), goods).perSecond
    report.add(
        "order 2 of 1,000 products", spread, of: posts, "bare route", in: group, .ratio(atLeast: 0.25),
        .atLeast(10_000))
    let hot = try await bench.orders(round.count(20_000), goods.hot).perSecond
    report.add("  all on one product", hot, of: spread, "the above", in: group, .ratio(atLeast: 0.8))
    // What comes of the orders so far, two mails each, is not part of what is measured next.
    try await shop.settle()
    let calm = try await bench.orders(round.count(20_000), goods, perSecond: spread * 0.7)
    report.add("  by a schedule at 0.7 of that rate: p50", .milliseconds, calm.milliseconds(50), in: group)
    report.add("  p99", .milliseconds, calm.milliseconds(99), in: group, .atMost(10))
    try await shop.settle()
    let gets = try await ceiling.reads(round.count(100_000), goods).perSecond
    report.add("bare route: GET, 32 clients", gets, in: group)
    let reads = try await bench.reads(round.count(100_000), goods).perSecond
    report.add("read one customer", reads, of: gets, "bare route", in: group, .ratio(atLeast: 0.6))
    try await measureList(round, bench, goods, shop, &report)
}

/// A list of many orders, beside Redis handing out the same bytes.
private func measureList(
    _ round: Round, _ bench: ShopBench, _ goods: Goods, _ shop: ServerUnderTest, _ report: inout Report
) async throws {
    let count = round.count(100_000)
    try await bench.orderInBatches(count, goods)
    try await shop.settle()
    _ = try await bench.list()
    let memory = shop.facts.megabytes
    shop.facts.resetPeak()
    let (megabytes, orders, seconds) = try await bench.list()
    let ceiling = try await round.redis.withClient { client in
        try await bareReading(client, entity: megabytes * 1e6 / Double(orders), count: orders)
    }
    report.add("Redis: LRANGE of the same bytes, 500 a call", .megabytesPerSecond, ceiling, in: "shop")
    report.add(
        "list \(count / 1_000),000 orders", .megabytesPerSecond, megabytes / seconds, of: ceiling, "LRANGE",
        in: "shop", .ratio(atLeast: 0.5), .atLeast(100))
    report.add("  memory more", .megabytes, shop.facts.peakMegabytes - memory, in: "shop", .atMost(20))
}

/// - Returns: megabytes a second.
private func bareReading(_ redis: RedisClient, entity: Double, count: Int) async throws -> Double {
    let script = "for i = 1, ARGV[1] do redis.call('RPUSH', 'ceiling', ARGV[2]) end"
    let text = String(repeating: "x", count: Int(entity))
    _ = try await redis.send(RedisCommand("DEL", "ceiling"))
    for _ in 0..<count / 1_000 { _ = try await redis.send(RedisCommand("EVAL", script, "0", "1000", text)) }
    let time = try await ContinuousClock().measure {
        for start in stride(from: 0, to: count, by: 500) {
            _ = try await redis.send(RedisCommand("LRANGE", "ceiling", "\(start)", "\(start + 499)"))
        }
    }
    _ = try await redis.send(RedisCommand("DEL", "ceiling"))
    return entity * Double(count) / 1e6 / time.seconds
}

/// What there is to order, and who orders.
struct Goods: Sendable {
    let products: [String]
    let customer: String

    /// Everybody wants the same.
    var hot: Goods { some(1) }

    func some(_ count: Int) -> Goods { Goods(products: Array(products.prefix(count)), customer: customer) }

    func order() -> String {
        let (first, second) = (products.randomElement() ?? "", products.randomElement() ?? "")
        return #"{"customer_id":"\#(customer)","product_ids":["\#(first)","\#(second)"]}"#
    }
}

/// Orders and reads over REST.
struct ShopBench: Sendable {
    private let load: HTTPLoad

    init(_ server: ServerUnderTest) { load = HTTPLoad(port: server.port) }

    // MARK: Set-up

    func stock(products: Int, pieces: Int) async throws -> Goods {
        let customer = try await create("/customers", [#"{"name":"Ada","email":"ada@example.org"}"#])[0]
        var ids: [String] = []
        for start in stride(from: 0, to: products, by: 1_000) {
            let names = (start..<min(start + 1_000, products)).map { #"{"name":"Product \#($0)","price":1.5}"# }
            let some = try await create("/products", names)
            _ = try await create("/inventory", some.map { #"{"product_id":"\#($0)","amount":\#(pieces)}"# })
            ids += some
        }
        return Goods(products: ids, customer: customer)
    }

    func customers(_ count: Int) async throws {
        let some = [String](repeating: #"{"name":"Ada","email":"ada@example.org"}"#, count: 1_000)
        for _ in 0..<count / 1_000 { _ = try await create("/customers", some) }
    }

    func orderInBatches(_ count: Int, _ goods: Goods) async throws {
        for _ in 0..<count / 100 { _ = try await create("/orders", (0..<100).map { _ in goods.order() }) }
    }

    private func create(_ path: String, _ objects: [String]) async throws -> [String] {
        let answer = try await load.body(.post(path, "[\(objects.joined(separator: ","))]"))
        return try JSONDecoder().decode([String].self, from: Data(answer.utf8))
    }

    func answers(_ goods: Goods) async throws -> (post: String, get: String) {
        (
            try await load.body(.post("/order", goods.order())),
            try await load.body(.get("/customer/\(goods.customer)"))
        )
    }

    func warmUp(_ goods: Goods) async throws {
        _ = try await orders(1_000, goods)
        _ = try await reads(1_000, goods)
    }

    // MARK: Load

    func orders(_ count: Int, _ goods: Goods) async throws -> HTTPLoad.Result {
        try await load.closed(count) { _ in .post("/order", goods.order()) }
    }

    func orders(_ count: Int, _ goods: Goods, perSecond: Double) async throws -> HTTPLoad.Result {
        try await load.open(count, rate: perSecond) { _ in .post("/order", goods.order()) }
    }

    func reads(_ count: Int, _ goods: Goods) async throws -> HTTPLoad.Result {
        try await load.closed(count) { _ in .get("/customer/\(goods.customer)") }
    }

    /// All orders.
    func list() async throws -> (megabytes: Double, orders: Int, seconds: Double) {
        let start = now()
        let body = try await load.body(.get("/orders"))
        let seconds = Double(now() - start) / 1e9
        // Each order has one.
        let orders = body.components(separatedBy: #""customer_id""#).count - 1
        return (Double(body.utf8.count) / 1e6, orders, seconds)
    }
}
