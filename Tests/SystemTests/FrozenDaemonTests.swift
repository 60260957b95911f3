import Foundation
import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `A daemon that was frozen` {
    @Test func `before a commit cannot commit when it wakes up, as another has taken over`() async throws {
        try await withRedisServer { redis in
            let options = DaemonProcess.Options(redis: redis.url).with(lease: 1)
            try await withShop(options) { other in
                let goods = [try await other.stock("Tea", 100)]
                await other.daemon.stop()
                let frozen = try other.doomed(to: "freeze crm 2")
                try await frozen.daemon.start()
                try await eventually("crm works there") {
                    try await frozen.modules()["crm"]?["state"] == "running"
                }
                let ledger = Ledger()
                let second = Shop(daemon: try DaemonProcess(options))
                try await second.daemon.start()
                try await underLoad(second, goods, ledger) {
                    try await eventually("the second one works for crm") {
                        try await second.modules()["crm"]?["handled"]?.number?.int64 ?? 0 > 0
                    }
                    frozen.daemon.signal(SIGCONT)
                    try await eventually("the first one sees that it is fenced") {
                        try await frozen.modules()["crm"]?["state"] == "standby"
                    }
                }
                try await second.settle()
                let audit = try await Audit(second, after: [frozen])
                try await audit.everything(ledger, goods, pieces: 100)
                await second.daemon.stop()
            }
        }
    }

    @Test func `again and again, at any moment and under load, has lost nothing and doubled nothing`() async throws
    {
        try await withTwoDaemons(lease: 1) { first, second in
            let goods = [try await first.stock("Tea", 10_000), try await first.stock("Cup", 10_000)]
            let ledger = Ledger()
            try await underLoad(first, goods, ledger, clients: 2, name: "first") {
                try await underLoad(second, goods, ledger, clients: 2, name: "second") {
                    for round in 0..<6 {
                        let (frozen, other) = round % 2 == 0 ? (first, second) : (second, first)
                        frozen.daemon.signal(SIGSTOP)
                        // Longer than the lease.
                        try await eventually("the other one works for all modules") {
                            try await other.modules().values.allSatisfy { $0["state"] != "standby" }
                        }
                        frozen.daemon.signal(SIGCONT)
                        try await Task.sleep(for: .milliseconds(.random(in: 0...300)))
                    }
                }
            }
            await first.daemon.stop()
            let audit = try await Audit(second, after: [first])
            try await audit.everything(ledger, goods, pieces: 10_000)
        }
    }
}
