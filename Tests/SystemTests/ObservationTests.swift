import Foundation
import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `Who looks after the shop` {
    private func metrics(_ shop: Shop, accept: String = "text/plain") async throws -> String {
        let response = try await shop.request("GET", "/metrics", headers: [("Accept", accept)])
        #expect(response.status == 200)
        return response.text
    }

    /// The value of a series, nil where there is none.
    private func value(_ series: String, in text: String) -> Double? {
        text.split(separator: "\n").first { $0.hasPrefix(series + " ") }
            .flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }
    }

    @Test func `finds commands, refusals, events, commits and modules in the metrics`() async throws {
        try await withShop { shop in
            for name in ["Ada", "Eve", "Bob"] { _ = try await shop.createOne("/customers", customer(name)) }
            let refused = try await shop.request("POST", "/customers", ["name": "x"])
            #expect(refused.status == 422)
            try await shop.settle()
            let text = try await metrics(shop)
            let method = #"method="customer.create""#
            #expect(value("ordershop_commands_total{\(method),outcome=\"done\"}", in: text) == 3)
            #expect(value("ordershop_commands_total{\(method),outcome=\"invalid\"}", in: text) == 1)
            #expect(value("ordershop_command_duration_seconds_count{\(method)}", in: text) == 4)
            let stream = #"topic="customer",action="created""#
            #expect(value("ordershop_events_appended_total{\(stream)}", in: text) == 3)
            #expect(value(#"ordershop_module_events_handled_total{module="crm"}"#, in: text) == 3)
            #expect(value(#"ordershop_module_lag{module="crm"}"#, in: text) == 0)
            #expect(value("ordershop_redis_connected", in: text) == 1)
            #expect(value("ordershop_redis_call_duration_seconds_count", in: text) ?? 0 > 0)
            #expect(value("ordershop_commits_total", in: text) ?? 0 > 0)
            #expect(value("process_resident_memory_bytes", in: text) ?? 0 > 1e6)
            #expect(value("process_cpu_seconds_total", in: text) ?? 0 > 0)
            #expect(value("ordershop_http_connections", in: text) ?? 0 > 0)
        }
    }

    @Test func `sees how long events wait for a module that is off`() async throws {
        try await withShop { shop in
            try await shop.setEnabled(false, "crm")
            _ = try await shop.createOne("/customers", customer("Ada"))
            try await Task.sleep(for: .milliseconds(1_100))
            let text = try await metrics(shop)
            #expect(value(#"ordershop_module_enabled{module="crm"}"#, in: text) == 0)
            #expect(value(#"ordershop_module_lag{module="crm"}"#, in: text) == 1)
            let age = value(#"ordershop_module_oldest_unhandled_age_seconds{module="crm"}"#, in: text)
            #expect((1..<60).contains(try #require(age)))
        }
    }

    @Test func `gets OpenMetrics where that is asked for`() async throws {
        try await withShop { shop in
            let text = try await metrics(shop, accept: "application/openmetrics-text;version=1.0.0")
            #expect(text.hasSuffix("# EOF\n"))
            #expect(text.contains("# UNIT ordershop_commit_duration_seconds seconds\n"))
        }
    }

    @Test func `is told that the shop is ready, also by a gateway that is off`() async throws {
        try await withShop { shop in
            for path in ["/health/live", "/health/ready"] {
                let response = try await shop.request("GET", path)
                #expect(response.status == 200 && response.header("content-type") == "application/health+json")
                #expect(try response.json() == ["status": "pass"])
            }
            try await shop.setEnabled(false, "gateway")
            #expect(try await shop.request("GET", "/customers").status == 503)
            #expect(try await shop.request("GET", "/health/ready").status == 200)
            #expect(try await shop.request("GET", "/metrics").status == 200)
        }
    }

    @Test func `is told that it is not while Redis takes no writes, though it lives`() async throws {
        try await withShop { shop in
            _ = try await shop.redis.run("CONFIG", "SET", "maxmemory", "1")
            let ready = try await shop.request("GET", "/health/ready")
            #expect(ready.status == 503)
            #expect(try ready.json()["output"]?.string?.contains("Redis takes no writes") == true)
            #expect(try await shop.request("GET", "/health/live").status == 200)
            _ = try await shop.redis.run("CONFIG", "SET", "maxmemory", "0")
            try await eventually("it is ready again") {
                try await shop.request("GET", "/health/ready").status == 200
            }
        }
    }
}
