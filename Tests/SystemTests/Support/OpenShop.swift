import TestKit

/// Runs `body` with a shop of its own, on the embedded Redis unless the options name one, and closes it afterwards.
/// - Parameter inTurn: false for a test that takes long and so should not wait for the others.
func withShop<T: Sendable>(
    _ options: DaemonProcess.Options = .init(), inTurn: Bool = true,
    _ body: @escaping @Sendable (Shop) async throws -> T
) async throws -> T {
    let open = { @Sendable in
        let shop = Shop(daemon: try DaemonProcess(options))
        do {
            try await shop.daemon.start()
            let result = try await body(shop)
            await shop.daemon.stop()
            return result
        } catch {
            await shop.daemon.stop()
            throw error
        }
    }
    return inTurn ? try await Slots.inTurn(open) : try await open()
}

/// Runs `body` with two daemons on one Redis, for one shop each, and closes them afterwards.
/// - Parameter lease: the seconds after which one takes over when the other dies.
func withTwoDaemons<T: Sendable>(
    shops: (String?, String?) = (nil, nil), lease: Int = 5,
    _ body: @escaping @Sendable (Shop, Shop) async throws -> T
) async throws -> T {
    try await Slots.inTurn {
        let redis = try await RedisServer.start()
        defer { redis.kill() }
        let first = DaemonProcess.Options(redis: redis.url, shop: shops.0).with(lease: lease)
        let second = DaemonProcess.Options(redis: redis.url, shop: shops.1).with(lease: lease)
        return try await withShop(first, inTurn: false) { first in
            try await withShop(second, inTurn: false) { second in try await body(first, second) }
        }
    }
}
