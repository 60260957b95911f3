import Foundation
import JSON
import TestKit
import Testing

/// With the real programs: what they read and what they make of it.
@Suite(.timeLimit(.minutes(12))) struct `Prometheus` {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    @Test func `finds nothing to complain of in the metrics`() async throws {
        try await withShop { shop in
            _ = try await shop.createOne("/customers", customer("Ada"))
            let text = try await shop.request("GET", "/metrics").text
            let result = try await runCommand(["promtool", "check", "metrics"], input: text)
            #expect(result.exitCode == 0 && result.errors == "", "\(result)")
        }
    }

    @Test func `takes the rules that are shipped, which speak of metrics that there are`() async throws {
        let path = Self.root + "/etc/prometheus/ordershop.rules.yml"
        let result = try await runCommand(["promtool", "check", "rules", path])
        #expect(result.exitCode == 0, "\(result)")
        try await withShop { shop in
            let text = try await shop.request("GET", "/metrics").text
            for name in try Self.names(in: path) { #expect(text.contains("\n\(name)"), "\(name)") }
        }
    }

    @Test func `has the metrics that the dashboard shows`() async throws {
        try await withShop { shop in
            let text = try await shop.request("GET", "/metrics").text
            for name in try Self.names(in: Self.root + "/etc/grafana/ordershop.json") {
                #expect(text.contains("\n\(name)"), "\(name)")
            }
        }
    }

    @Test func `is told of all metrics that the manual names, and of no others`() async throws {
        let manual = try String(contentsOfFile: Self.root + "/docs/operations.md", encoding: .utf8)
        let named = Set(
            manual.matches(of: #/(?m)^\| `((?:ordershop|process)_[a-z_]+)` \|/#).map { String($0.output.1) })
        #expect(named.count > 25)
        try await withShop { shop in
            let text = try await shop.request("GET", "/metrics").text
            let exposed = text.matches(of: #/(?m)^# TYPE ([a-z_]+) /#).map { String($0.output.1) }
            #expect(Set(exposed) == named)
        }
    }

    @Test func `counts mails by their route and by what became of them`() async throws {
        try await withShop { shop in
            _ = try await shop.createOne("/customers", customer("Ada"))
            try await shop.settle()
            let text = try await shop.request("GET", "/metrics").text
            for (outcome, count) in [("sent", 1), ("deferred", 0), ("failed", 0)] {
                let line = "ordershop_mails_total{route=\"maildir\",outcome=\"\(outcome)\"} \(count)\n"
                #expect(text.contains(line), "\(line)")
            }
        }
    }

    /// The metrics that a file speaks of.
    private static func names(in file: String) throws -> Set<String> {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let names = Set(text.matches(of: /\b(ordershop|process)_[a-z_]+[a-z]/).map { String($0.output.0) })
        #expect(names.count >= 7)
        return names
    }

    @Test func `scrapes the daemon and answers questions about it`() async throws {
        try await withShop { shop in
            try await shop.setEnabled(false, "crm")
            for name in ["Ada", "Eve"] { _ = try await shop.createOne("/customers", customer(name)) }
            let directory = try TemporaryDirectory()
            let port = try LoopbackPort.free()
            let configuration = """
                global: {scrape_interval: 1s}
                scrape_configs:
                  - job_name: ordershop
                    static_configs: [{targets: ["127.0.0.1:\(shop.daemon.port)"]}]
                """
            try configuration.write(toFile: directory.path + "/p.yml", atomically: true, encoding: .utf8)
            let prometheus = try await ChildProcess.start([
                "prometheus", "--config.file=\(directory.path)/p.yml",
                "--storage.tsdb.path=\(directory.path)/data", "--web.listen-address=127.0.0.1:\(port)",
            ])
            defer { prometheus.signal(SIGKILL) }
            try await eventually("it knows how many events wait") {
                let answer = try await runCommand([
                    "curl", "-sf", "http://127.0.0.1:\(port)/api/v1/query", "--data-urlencode",
                    #"query=ordershop_module_lag{module="crm",job="ordershop"}"#,
                ])
                let result = try JSONValue(parsing: answer.output.utf8)["data"]?["result"]?.array?.first
                return result?["value"]?.array?.last == "2"
            }
        }
    }
}
