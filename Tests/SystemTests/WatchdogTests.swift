import Foundation
import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `The watchdog` {
    private func options(
        _ systemd: NotificationSocket, redis: String, fault: String? = nil
    ) -> DaemonProcess.Options {
        var options = DaemonProcess.Options(redis: redis)
        options.environment = ["NOTIFY_SOCKET": systemd.path, "WATCHDOG_USEC": "1500000"]
        if let fault { options.environment["FAULT_POINT"] = fault }
        return options
    }

    /// Waits until the daemon is no longer fed for longer than systemd would wait.
    private func expectSilence(_ systemd: NotificationSocket) async throws {
        while systemd.poll() != nil {}
        try await Task.sleep(for: .seconds(2))
        while let lines = systemd.poll() { #expect(!lines.contains("WATCHDOG=1")) }
    }

    @Test(arguments: [("hang", "the module crm"), ("loop", "event loop ")])
    func `is not fed when something hangs, and the log names it`(_ fault: String, _ name: String) async throws {
        try await Slots.inTurn {
            let redis = try await RedisServer.start()
            defer { redis.kill() }
            let systemd = try NotificationSocket()
            let ada = UUID().uuidString.lowercased()
            let shop = Shop(
                daemon: try DaemonProcess(options(systemd, redis: redis.url, fault: "\(fault) crm \(ada)")))
            try await shop.daemon.start()
            _ = try await systemd.lines(until: "WATCHDOG=1")
            _ = try await shop.appendForeign(
                "customer_created", ["id": .string(ada), "name": "Ada", "email": "ada@example.org"])
            try await eventually("the log names what hangs", within: .seconds(90)) {
                // The kernel keeps only a few messages, and lets a daemon wait that has more to say.
                while systemd.poll() != nil {}
                return shop.daemon.log.split(separator: "\n").contains {
                    $0.contains("has stalled") && $0.contains(name)
                }
            }
            try await expectSilence(systemd)
            shop.daemon.kill()
        }
    }

    @Test func `is not all that ends a module that hangs: SIGTERM does, and names it`() async throws {
        try await Slots.inTurn {
            let redis = try await RedisServer.start()
            defer { redis.kill() }
            let ada = UUID().uuidString.lowercased()
            var options = DaemonProcess.Options(redis: redis.url)
            options.environment = ["FAULT_POINT": "hang crm \(ada)"]
            let shop = Shop(daemon: try DaemonProcess(options))
            try await shop.daemon.start()
            _ = try await shop.appendForeign(
                "customer_created", ["id": .string(ada), "name": "Ada", "email": "ada@example.org"])
            try await eventually("it is in its hands") { try await shop.modules()["crm"]?["lag"] == 1 }
            shop.daemon.signal(SIGTERM)
            _ = try await shop.daemon.exitCode(within: .seconds(90))
            #expect(shop.daemon.log.contains("a module does not finish what it has begun"))
            #expect(shop.daemon.log.contains("module=crm"))
        }
    }

    @Test func `is fed while Redis is away, and while it is frozen`() async throws {
        try await Slots.inTurn {
            let redis = try await RedisServer.start()
            let systemd = try NotificationSocket()
            let shop = Shop(daemon: try DaemonProcess(options(systemd, redis: redis.url)))
            try await shop.daemon.start()
            _ = try await shop.createOne("/customers", customer("Ada"))
            redis.pause()
            for _ in 0..<20 { _ = try await systemd.lines(until: "WATCHDOG=1", within: .seconds(5)) }
            redis.kill()
            for _ in 0..<20 { _ = try await systemd.lines(until: "WATCHDOG=1", within: .seconds(5)) }
            #expect(!shop.daemon.log.contains("has stalled"))
            shop.daemon.kill()
        }
    }
}
