import Foundation

/// Measures OrderShop beside the ceiling of the same Redis, all in one run: absolute figures of one machine say
/// little, ratios within a run say more.
///
///     ordershop-bench [DIRECTORY-OF-ORDERSHOPD]
@main struct Main {
    static func main() async {
        do { try await measure(CommandLine.arguments.dropFirst().first ?? ".build/release") } catch {
            print("the measurement failed: \(error)")
            exit(1)
        }
    }

    private static func measure(_ binaries: String) async throws {
        var table = Table()
        let server = try await RedisUnderTest.start()
        defer { server.stop() }
        try await measureStore(server, &table)
        try await measureShop(server, binaries, &table)
        print(table.text)
    }

    private static func measureStore(_ server: RedisUnderTest, _ table: inout Table) async throws {
        let events = 200_000
        let pipelined = try server.redisBenchmark(pipeline: 64, clients: 1, requests: 1_000_000)
        let single = try server.redisBenchmark(pipeline: 1, clients: 50, requests: 200_000)
        table.add("Redis: bare XADD, 64 in a pipeline", pipelined)
        table.add("Redis: bare XADD, 50 connections, one at a time", single)
        let (append, reading, delivery) = try await server.withClient { redis in
            let bench = StoreBench(redis: redis)
            return (
                try await bench.append(events, tasks: 64), try await bench.rawReading(),
                try await bench.deliver(events)
            )
        }
        table.add("append an event (64 tasks): id, revision, cache", append, of: pipelined, "pipelined XADD")
        table.add("Redis: XRANGE, 500 entries a call", reading)
        table.add("deliver to a handler that does nothing, checkpoint included", delivery, of: reading, "XRANGE")
    }

    private static func measureShop(
        _ server: RedisUnderTest, _ binaries: String, _ table: inout Table
    ) async throws {
        let single = try server.redisBenchmark(pipeline: 1, clients: 32, requests: 200_000)
        let shop = try await ShopUnderTest.start(binaries: binaries, redis: server)
        defer { shop.stop() }
        let bench = OrderBench(port: shop.port)
        let stock = try await bench.prepare(products: 1_000, pieces: 1_000_000)
        let spread = try await bench.order(20_000, clients: 32, products: stock.products, customer: stock.customer)
        table.add(
            "REST: create an order of 2 of 1,000 products, 32 clients", spread, of: single,
            "one-at-a-time XADD, 32 connections")
        let hot = try await bench.order(
            5_000, clients: 32, products: Array(stock.products.prefix(1)), customer: stock.customer)
        table.add("REST: the same, all on one product", hot, of: single, "one-at-a-time XADD, 32 connections")
        let reads = try await bench.read(stock.customer, requests: 40_000, clients: 32)
        table.add("REST: read one customer, 32 clients", reads)
    }
}
