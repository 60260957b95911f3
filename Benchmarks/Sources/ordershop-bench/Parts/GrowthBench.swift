/// The same work in a shop of 1,000 customers and products and in one of many more: nothing may depend on how much
/// there is.
func measureGrowth(_ round: Round, _ report: inout Report) async throws {
    let group = "growth"
    let small = try await GrowingShop("small", customers: 1_000, products: 1_000, round)
    defer { small.stop() }
    let large = try await GrowingShop(
        "large", customers: round.count(1_000_000), products: round.count(100_000), round)
    defer { large.stop() }
    // Where all products are asked for alike, few are remembered, whatever a step costs.
    report.add("order 2 of all products in a large one", try await large.orderAny(round.count(20_000)), in: group)
    for (name, work) in GrowingShop.works {
        var (inSmall, inLarge) = ([Double](), [Double]())
        // In turn, as the machine's own speed changes from minute to minute.
        for _ in 0..<GrowingShop.turns {
            inSmall.append(try await work(small, round))
            inLarge.append(try await work(large, round))
        }
        let (few, many) = (inSmall.median, inLarge.median)
        report.add("\(name) in a small shop", few, in: group)
        report.add("\(name) in a large one", many, of: few, "small shop", in: group, .ratio(atLeast: 0.9))
    }
}

private struct GrowingShop {
    private let server: ServerUnderTest
    private let bench: ShopBench
    private let goods: Goods

    init(_ name: String, customers: Int, products: Int, _ round: Round) async throws {
        server = try await ServerUnderTest.shop(name, binaries: round.binaries, redis: round.redis)
        bench = ShopBench(server)
        try await bench.customers(customers)
        goods = try await bench.stock(products: products, pieces: 1_000_000)
        try await bench.warmUp(goods.some(1_000))
        try await server.settle()
    }

    func stop() { server.stop() }

    static let turns = 3

    typealias Work = @Sendable (GrowingShop, Round) async throws -> Double

    /// Of the same number of products in either shop: what most customers want is a small part of what there is.
    private func order(_ count: Int) async throws -> Double { try await order(count, of: goods.some(1_000)) }

    func orderAny(_ count: Int) async throws -> Double { try await order(count, of: goods) }

    /// With nothing left to do of it for the one that is measured next.
    private func order(_ count: Int, of goods: Goods) async throws -> Double {
        let rate = try await bench.orders(count, goods).perSecond
        try await server.settle()
        return rate
    }

    static let works: [(String, Work)] = [
        ("order 2 of 1,000 products", { try await $0.order($1.count(20_000)) }),
        ("read one customer", { try await $0.bench.reads($1.count(50_000), $0.goods).perSecond }),
    ]
}
