import Foundation
import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `A reload` {
    private func withListeningSystemd(
        _ configuration: String, _ body: @escaping @Sendable (Shop, NotificationSocket) async throws -> Void
    ) async throws {
        let systemd = try NotificationSocket()
        var options = DaemonProcess.Options()
        options.environment = ["NOTIFY_SOCKET": systemd.path]
        options.configuration = configuration
        try await withShop(options) { shop in
            _ = try await systemd.lines(until: "READY=1")
            try await body(shop, systemd)
        }
    }

    /// Says that the file has changed, and returns what systemd was told until it was ready again.
    private func reload(_ shop: Shop, _ systemd: NotificationSocket) async throws -> [String] {
        shop.daemon.signal(SIGHUP)
        let begun = try await systemd.lines(until: "RELOADING=1")
        return try await begun + systemd.lines(until: "READY=1")
    }

    @Test func `tells systemd when it begins, by the monotonic clock, and when it is done`() async throws {
        try await withListeningSystemd("log:\n    level: info\n") { shop, systemd in
            let lines = try await reload(shop, systemd)
            let stamp = try #require(lines.last { $0.hasPrefix("MONOTONIC_USEC=") }?.dropFirst(15))
            var now = timespec()
            clock_gettime(CLOCK_MONOTONIC, &now)
            #expect((0...60).contains(Int64(now.tv_sec) - (Int64(stamp) ?? 0) / 1_000_000))
        }
    }

    @Test func `changes limits, the mails' sender and the log level at once`() async throws {
        try await withListeningSystemd("log:\n    level: info\n") { shop, systemd in
            let long = customer(String(repeating: "x", count: 500))
            #expect(try await shop.request("POST", "/customers", long).status == 422)
            try shop.daemon.configure(
                "http: {max_body: 400}\nmail: {from: Other <other@example.org>}\nlog: {level: debug}")
            _ = try await reload(shop, systemd)
            #expect(try await shop.request("POST", "/customers", long).status == 413)
            _ = try await shop.createOne("/customers", customer("Ada"))
            try await eventually("the mail is there") {
                try FileManager.default.contentsOfDirectory(atPath: "\(shop.daemon.mailDirectory)/new").count == 1
            }
            let name = try FileManager.default.contentsOfDirectory(atPath: "\(shop.daemon.mailDirectory)/new")[0]
            let mail = try String(contentsOfFile: "\(shop.daemon.mailDirectory)/new/\(name)", encoding: .utf8)
            #expect(mail.hasPrefix("From: \"Other\" <other@example.org>"))
            #expect(shop.daemon.log.contains("log_level=debug"))
            #expect(try await shop.call("config.show")["http.max_body"]?["value"] == "400")
        }
    }

    @Test func `of a file that is wrong is refused by file, line and reason, and the old settings stay`()
        async throws
    {
        try await withListeningSystemd("http:\n    max_body: 100000\n") { shop, systemd in
            try shop.daemon.configure("log: {level: debug}\nhttp:\n    max_body: many\n    listenn: x\n")
            _ = try await reload(shop, systemd)
            let refusals = shop.daemon.log.split(separator: "\n").filter { $0.contains("the old ones stay") }
            #expect(refusals.count == 2)
            let reason = "conf.yaml:3:15: http.max_body: 'many' is not a whole number"
            #expect(refusals.contains { $0.contains(reason) })
            #expect(refusals.contains { $0.contains("conf.yaml:4:5: unknown key http.listenn") })
            try await eventually("systemd is told") {
                let message = systemd.poll() ?? []
                return message.contains {
                    $0.contains("the last reload was refused: ") && $0.contains(".yaml:4:5")
                }
            }
            let big = customer(String(repeating: "x", count: 20_000))
            #expect(try await shop.request("POST", "/customers", big).status == 422)

            try shop.daemon.configure("http: {max_body: 400}\n")
            _ = try await reload(shop, systemd)
            #expect(try await shop.request("POST", "/customers", big).status == 413)
        }
    }

    @Test func `with a template that is wrong keeps the old ones, and says where it is wrong`() async throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/welcome.txt"
        try "Subject: First\n\nHello {{customer_name}}.\n".write(toFile: path, atomically: true, encoding: .utf8)
        try await withListeningSystemd("mail:\n    templates: \(directory.path)\n") { shop, systemd in
            func subjects() async throws -> [String] {
                try await shop.settle()
                return (try await shop.call("mail.list").array ?? []).compactMap { $0["subject"]?.string }
            }
            _ = try await shop.createOne("/customers", customer("Ada"))
            #expect(try await subjects() == ["First"])
            try "Subject: Second\n\nHello {{nobody_knows}}.\n".write(
                toFile: path, atomically: true, encoding: .utf8)
            _ = try await reload(shop, systemd)
            let refusals = shop.daemon.log.split(separator: "\n").filter { $0.contains("the old ones stay") }
            #expect(refusals.contains { $0.contains("welcome.txt") && $0.contains("nobody_knows") }, "\(refusals)")
            _ = try await shop.createOne("/customers", customer("Eve"))
            #expect(try await subjects() == ["First", "First"])
            try "Subject: Third\n\nHello.\n".write(toFile: path, atomically: true, encoding: .utf8)
            _ = try await reload(shop, systemd)
            _ = try await shop.createOne("/customers", customer("Bob"))
            #expect(try await subjects() == ["First", "First", "Third"])
        }
        withExtendedLifetime(directory) {}
    }

    @Test func `names what takes a restart, and changes nothing of it`() async throws {
        try await withListeningSystemd("shop: ''\n") { shop, systemd in
            try shop.daemon.configure("currency: USD\nmodules: {tries: 7}\nredis: {require: persistent}")
            _ = try await reload(shop, systemd)
            try await eventually("it is named") {
                shop.daemon.log.contains("take a restart to hold  settings=\"currency, redis.require\"")
            }
            _ = try await shop.createOne("/customers", customer("Ada"))
        }
    }
}

@Suite(.timeLimit(.minutes(12))) struct `A stop` {
    @Test func `that is asked for over and over ends it once, in good order`() async throws {
        try await withShop { shop in
            let goods = [try await shop.stock("Tea", 10_000), try await shop.stock("Cup", 10_000)]
            let ledger = Ledger()
            try await underLoad(shop, goods, ledger, pause: .milliseconds(2)) {
                try await eventually("clients are served") { ledger.acknowledged > 50 }
                while shop.daemon.isRunning {
                    shop.daemon.signal(SIGTERM)
                    try await Task.sleep(for: .milliseconds(1))
                }
                #expect(try await shop.daemon.exitCode() == 0)
                try await shop.daemon.start()
            }
            try await Audit(shop).everything(ledger, goods, pieces: 10_000)
        }
    }
}
