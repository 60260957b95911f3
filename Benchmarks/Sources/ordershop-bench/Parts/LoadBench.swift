import Foundation

/// The daemon under as much load as it takes, for ten minutes: what it holds then, and whether that goes on growing.
///
/// Redis keeps every order, in memory, so there are more reads than orders.
func measureLoad(_ round: Round, _ report: inout Report) async throws {
    guard round.isFirst else { return }
    let group = "load"
    let shop = try await ServerUnderTest.shop("load", binaries: round.binaries, redis: round.redis)
    defer { shop.stop() }
    let bench = ShopBench(shop)
    let goods = try await bench.stock(products: 1_000, pieces: 100_000_000)
    try await shop.settle()
    let idle = shop.facts.megabytes
    let minutes = 10 * round.scale
    let start = now()
    var samples: [Double] = []
    while Double(now() - start) / 1e9 < minutes * 60 {
        _ = try await bench.orders(5_000, goods)
        _ = try await bench.reads(20_000, goods)
        samples.append(shop.facts.megabytes)
    }
    let (middle, end) = (samples[samples.count / 2], samples[samples.count - 1])
    report.add("before the load: memory", .megabytes, idle, in: group)
    report.add(
        "under full load for \(minutes.formatted()) minutes: at most", .megabytes, samples.max() ?? end, of: idle,
        "before", in: group, .ratio(atMost: 3))
    report.add("  in the end", .megabytes, end, of: middle, "half way", in: group, .ratio(atMost: 1.1))
}
