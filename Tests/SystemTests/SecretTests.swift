import Foundation
import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `The password for Redis` {
    private static let password = "s3cret-of-the-shop"

    /// What a credential's directory holds, and a Redis that lets in only who knows it.
    private func withGuardedRedis(
        _ body: @escaping @Sendable (RedisServer, TemporaryDirectory, [String: String]) async throws -> Void
    ) async throws {
        try await Slots.inTurn {
            let credentials = try TemporaryDirectory()
            try Data("\(Self.password)\n".utf8).write(to: URL(filePath: credentials.file("redis.password")))
            let redis = try await RedisServer.start(options: [
                "--user", "ordershop", "on", ">\(Self.password)", "~*", "&*", "+@all", "--user", "default", "off",
            ])
            defer { redis.kill() }
            try await body(
                redis, credentials,
                ["CREDENTIALS_DIRECTORY": credentials.path, "ORDERSHOP_REDIS_USER": "ordershop"])
        }
    }

    @Test func `comes from the unit's credential, and is shown nowhere`() async throws {
        try await withGuardedRedis { redis, _, environment in
            var options = DaemonProcess.Options(redis: redis.url)
            options.environment = environment
            options.configuration = "log:\n    level: trace\n"
            try await withShop(options, inTurn: false) { shop in
                _ = try await shop.createOne("/customers", customer("Ada"))
                let pid = try #require(shop.daemon.processID)
                let shown = [
                    shop.daemon.log, try await shop.call("daemon.status").text,
                    try await shop.ctl("status").output,
                    String(decoding: try Data(contentsOf: URL(filePath: "/proc/\(pid)/cmdline")), as: UTF8.self),
                    String(decoding: try Data(contentsOf: URL(filePath: "/proc/\(pid)/environ")), as: UTF8.self),
                ]
                for text in shown { #expect(!text.isEmpty && !text.contains(Self.password)) }
            }
        }
    }

    @Test func `that is wrong is not shown by the errors either`() async throws {
        try await withGuardedRedis { redis, credentials, environment in
            let wrong = "wr0ng-of-the-shop"
            try Data(wrong.utf8).write(to: URL(filePath: credentials.file("redis.password")))
            var options = DaemonProcess.Options(redis: redis.url)
            options.environment = environment
            options.configuration = "log:\n    level: trace\n"
            let daemon = try DaemonProcess(options)
            try await daemon.launch()
            try await eventually("it says why") { daemon.log.contains("WRONGPASS") }
            #expect(!daemon.log.contains(wrong))
            await daemon.stop()
        }
    }
}
