import Foundation
import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `What systemd is told` {
    private func options(_ socket: NotificationSocket, redis: String? = nil) -> DaemonProcess.Options {
        var options = DaemonProcess.Options(redis: redis)
        options.environment = ["NOTIFY_SOCKET": socket.path]
        return options
    }

    @Test func `READY comes when REST and socket already answer`() async throws {
        try await Slots.inTurn {
            let systemd = try NotificationSocket()
            let shop = Shop(daemon: try DaemonProcess(options(systemd)))
            try await shop.daemon.launch()
            let lines = try await systemd.lines(until: "READY=1")
            // At the first try.
            #expect(try await shop.request("GET", "/customers").text == "[]")
            let modules = try await shop.modules()
            #expect(modules.count == Shop.allModules.count)
            #expect(Set(modules.filter { $0.value["enabled"] != true }.keys) == Shop.offAtFirst)
            _ = try await shop.createOne("/customers", customer("Ada"))
            let status = lines.last { $0.hasPrefix("STATUS=") } ?? ""
            #expect(status.contains("\(modules.count - Shop.offAtFirst.count) of \(modules.count) modules enabled"))
            #expect(status.contains("http://127.0.0.1:\(shop.daemon.port)"))
            #expect(!lines.contains("STOPPING=1"))
            shop.daemon.signal(SIGTERM)
            #expect(try await shop.daemon.exitCode() == 0)
            _ = try await systemd.lines(until: "STOPPING=1", within: .seconds(30))
        }
    }

    @Test func `READY waits for Redis`() async throws {
        try await Slots.inTurn {
            let systemd = try NotificationSocket()
            let directory = try TemporaryDirectory()
            let shop = Shop(
                daemon: try DaemonProcess(options(systemd, redis: "unix://\(directory.file("redis.sock"))")))
            try await shop.daemon.launch()
            try await eventually("it waits for Redis") { shop.daemon.log.contains("waiting for Redis") }
            var said: [String] = []
            while let message = systemd.poll() { said += message }
            #expect(!said.contains("READY=1"))
            #expect(said.contains { $0.hasPrefix("STATUS=") })
            #expect(shop.daemon.isRunning)
            let redis = try await RedisServer.start(directory: directory)
            defer { redis.kill() }
            _ = try await systemd.lines(until: "READY=1")
            _ = try await shop.createOne("/customers", customer("Ada"))
            await shop.daemon.stop()
        }
    }

    @Test func `SIGTERM ends it while it waits for Redis`() async throws {
        try await Slots.inTurn {
            let directory = try TemporaryDirectory()
            let daemon = try DaemonProcess(.init(redis: "unix://\(directory.file("redis.sock"))"))
            try await daemon.launch()
            try await eventually("it waits for Redis") { daemon.log.contains("waiting for Redis") }
            daemon.signal(SIGTERM)
            #expect(try await daemon.exitCode() == 0)
        }
    }

    @Test func `the watchdog is fed`() async throws {
        try await Slots.inTurn {
            let systemd = try NotificationSocket()
            var options = options(systemd)
            options.environment["WATCHDOG_USEC"] = "600000"
            let shop = Shop(daemon: try DaemonProcess(options))
            try await shop.daemon.launch()
            for _ in 0..<3 { _ = try await systemd.lines(until: "WATCHDOG=1") }
            await shop.daemon.stop()
        }
    }
}
