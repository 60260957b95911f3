import Foundation

/// Measures OrderShop beside the ceiling of the same Redis, all in one run: absolute figures of one machine say
/// little, ratios within a run say more.
///
///     ordershop-bench [DIRECTORY-OF-ORDERSHOPD] [append|deliver|projection|shop|socket]…
@main struct Main {
    enum Part: String, CaseIterable { case append, deliver, projection, shop, socket }

    static func main() async {
        let arguments = CommandLine.arguments.dropFirst()
        let parts = arguments.compactMap(Part.init)
        do {
            try await measure(
                arguments.first { Part(rawValue: $0) == nil } ?? ".build/release",
                parts.isEmpty ? Part.allCases : parts)
        } catch {
            print("the measurement failed: \(error)")
            exit(1)
        }
    }

    private static func measure(_ binaries: String, _ parts: [Part]) async throws {
        var table = Table()
        for part in parts {
            let server = try await RedisUnderTest.start()
            defer { server.stop() }
            switch part {
            case .append: try await measureAppending(server, &table)
            case .deliver: try await measureDelivery(server, &table)
            case .projection: try await measureProjections(server, &table)
            case .shop: try await measureShop(server, binaries, &table)
            case .socket: try await measureSocket(server, &table)
            }
        }
        print(table.text)
    }

    private static func measureAppending(_ server: RedisUnderTest, _ table: inout Table) async throws {
        let pipelined = try server.redisBenchmark(pipeline: 64, clients: 1, requests: 1_000_000)
        let single = try server.redisBenchmark(pipeline: 1, clients: 50, requests: 200_000)
        table.add("Redis: bare XADD, 64 in a pipeline", pipelined)
        table.add("Redis: bare XADD, 50 connections, one at a time", single)
        let rates = try await server.withClient { redis in
            let bench = AppendBench(redis: redis)
            return (
                try await bench.script(200_000), try await bench.append(200_000, tasks: 64, isCached: false),
                try await bench.append(200_000, tasks: 64, isCached: true)
            )
        }
        table.add("Redis: a script of HGET, XADD, HSET, 32 events a call", rates.0, of: pipelined, "pipelined XADD")
        table.add("append from 64 tasks: id, revision", rates.1, of: pipelined, "pipelined XADD", atLeast: 0.3)
        table.add(
            "append from 64 tasks: id, revision, cache", rates.2, of: pipelined, "pipelined XADD", atLeast: 0.3)
    }

    private static func measureDelivery(_ server: RedisUnderTest, _ table: inout Table) async throws {
        let (reading, delivery, bare, ours, found) = try await server.withClient { redis in
            let bench = DeliveryBench(redis: redis)
            let latency = LatencyBench(redis: redis)
            try await bench.fill(1_000_000)
            let (reading, delivery) = (try await bench.rawReading(), try await bench.deliver(1_000_000))
            let found = try await bench.catchUp(1_000_000)
            return (reading, delivery, try await latency.bare(1_000), try await latency.delivered(1_000), found)
        }
        table.add("Redis: XRANGE, 500 entries a call", reading)
        // 500,000 in a second or a quarter of that, whichever is more.
        let target = max(0.25, 500_000 / reading.perSecond)
        table.add(
            "deliver to a handler that does nothing, with checkpoint", delivery, of: reading, "XRANGE",
            atLeast: target)
        table.add("catch up 1,000,000 events behind", found.rate)
        table.add("  in seconds", found.seconds, atMost: 4)
        table.add("  memory at most, MB", found.megabytes, atMost: 100)
        table.add("another module meanwhile, from append to handler: quiet", found.quiet)
        table.add("  during the catch-up: p99", found.busy, p99: found.quiet, "when quiet", atMost: 2)
        table.add("two bare connections: XADD to a blocked XREAD", bare)
        table.add("from append to handler, idle: p50", ours, p50: bare, "two bare connections", atMost: 3)
    }

    private static func measureProjections(_ server: RedisUnderTest, _ table: inout Table) async throws {
        let count = 1_000_000
        let rates = try await server.withClient { try await ProjectionBench(redis: $0).measure(count) }
        // At least 100,000 entities a second.
        let target = 100_000 / rates.reading.perSecond
        table.add("Redis: XRANGE of 1,000,000 customers' events, 500 a call", rates.reading)
        table.add(
            "rebuild the cache of 1,000,000 customers", rates.rebuild, of: rates.reading, "XRANGE", atLeast: target)
        table.add(
            "verify the cache of 1,000,000 customers", rates.verify, of: rates.reading, "XRANGE", atLeast: target)
        table.add("  memory at most, MB", rates.megabytes, atMost: 100)
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

    private static func measureSocket(_ server: RedisUnderTest, _ table: inout Table) async throws {
        let bench = SocketBench(directory: server.directory)
        let chunks = try await bench.echo(2_000_000, byLine: false)
        let (echo, calls) = (try await bench.echo(1_000_000, byLine: true), try await bench.calls(400_000))
        table.add("bare echo of whatever came, 64 lines under way on one connection", chunks.pipelined)
        table.add("bare echo line by line, 64 under way on one connection", echo.pipelined)
        table.add("bare echo line by line, 16 connections, one at a time", echo.single)
        table.add(
            "JSON-RPC: small calls, 64 under way on one connection", calls.pipelined, of: echo.pipelined,
            "bare echo",
            atLeast: 0.4)
        table.add(
            "JSON-RPC: small calls, 16 connections, one at a time", calls.single, of: echo.single, "bare echo",
            atLeast: 0.4)
    }
}
