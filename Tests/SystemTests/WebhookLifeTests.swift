import Foundation
import JSON
import TestKit
import Testing

/// A customer of a name with spaces.
func named(_ name: String) -> JSONValue { ["name": .string(name), "email": "somebody@example.org"] }

extension Shop {
    fileprivate func hook(_ receiver: WebhookReceiver) async throws -> String {
        let answer = try await call(
            "webhook.create",
            ["url": .string("http://127.0.0.1:\(receiver.port)/hook"), "events": ["customer.*"]])
        return try #require(answer["id"]?.string)
    }
}

private func options(redis: String? = nil, environment: [String: String] = [:]) -> DaemonProcess.Options {
    var options = DaemonProcess.Options(redis: redis)
    options.configuration = "webhooks:\n    allow_private: true\n    retry: 1\nmodules:\n    lease: 2\n"
    options.environment = environment
    return options
}

extension [WebhookReceiver.Request] {
    /// The names of a customer, without repeats.
    fileprivate func names(of id: String) -> [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0.id).inserted }.compactMap { request in
            let data = (try? JSONValue(parsing: request.body.utf8))?["data"]
            return data?["entity_id"]?.string == id ? data?["entity"]?["name"]?.string : nil
        }
    }
}

@Suite(.timeLimit(.minutes(12))) struct `The module webhook` {
    @Test func `is off until somebody wants it, and goes on where it was when it was off`() async throws {
        let receiver = try await WebhookReceiver.start()
        try await withShop(options()) { shop in
            #expect(try await shop.modules()["webhook"]?["state"] == "disabled")
            #expect(
                try await shop.reason("webhook.create", ["url": "https://example.org/", "events": ["*"]])
                    == "module-disabled")
            try await shop.setEnabled(true, "webhook")
            _ = try await shop.hook(receiver)
            try await shop.setEnabled(false, "webhook")
            let ada = try await shop.createOne("/customers", named("Ada"))
            try await shop.settle()
            await shop.daemon.stop()
            try await shop.daemon.start()
            #expect(try await shop.modules()["webhook"]?["state"] == "disabled")
            #expect(try receiver.requests().isEmpty)
            try await shop.setEnabled(true, "webhook")
            try await eventually("it is told") { try receiver.requests().names(of: ada) == ["Ada"] }
            await shop.daemon.stop()
            try await shop.daemon.start()
            #expect(try await shop.modules()["webhook"]?["state"] == "running")
        }
    }

    @Test func `loses nothing and keeps the order when the daemon is killed again and again`() async throws {
        let receiver = try await WebhookReceiver.start()
        try await withShop(options()) { shop in
            try await shop.setEnabled(true, "webhook")
            _ = try await shop.hook(receiver)
            let ada = try await shop.createOne("/customers", named("Ada 0"))
            var slow = WebhookReceiver.Behaviour()
            slow.delay = 0.05
            try receiver.behave("/hook", slow)
            for number in 1...30 {
                _ = try await shop.request("PUT", "/customer/\(ada)", named("Ada \(number)")).taken()
                if number % 10 == 0 {
                    shop.daemon.kill()
                    try await shop.daemon.start()
                }
            }
            let expected = (0...30).map { "Ada \($0)" }
            try await eventually("all came, in their order") {
                try receiver.requests().names(of: ada) == expected
            }
            // What was on its way when it was killed may come twice, and no more.
            let requests = try receiver.requests()
            #expect(requests.count <= expected.count + 3)
        }
    }

    @Test func `sends each event once where there are two daemons, also when one ends`() async throws {
        let receiver = try await WebhookReceiver.start()
        let redis = try await RedisServer.start()
        defer { redis.kill() }
        try await withShop(options(redis: redis.url)) { first in
            try await withShop(options(redis: redis.url), inTurn: false) { second in
                try await first.setEnabled(true, "webhook")
                _ = try await first.hook(receiver)
                for number in 0..<10 {
                    _ = try await (number % 2 == 0 ? first : second).createOne(
                        "/customers", named("Bob \(number)"))
                }
                try await eventually("all are told") { try receiver.requests().count == 10 }
                let keeper = try await first.modules()["webhook"]?["state"] == "running" ? first : second
                let other = keeper.daemon.port == first.daemon.port ? second : first
                await keeper.daemon.stop()
                for number in 10..<20 { _ = try await other.createOne("/customers", named("Bob \(number)")) }
                try await eventually("the other goes on") { try receiver.requests().count >= 20 }
                #expect(Set(try receiver.requests().map(\.id)).count == 20)
                #expect(try receiver.requests().count == 20)
            }
        }
    }

    @Test func `sends nothing of a person who was erased, and keeps nothing that a receiver said`() async throws {
        let receiver = try await WebhookReceiver.start()
        var behaviour = WebhookReceiver.Behaviour(status: 500)
        behaviour.body = "I do not know Ada Verborgen"
        try receiver.behave("/hook", behaviour)
        let encrypting = options(environment: ["ORDERSHOP_PRIVACY_ENCRYPT": "true"])
        try await withShop(encrypting) { shop in
            try await shop.setEnabled(true, "webhook")
            let hook = try await shop.hook(receiver)
            let ada = try await shop.createOne("/customers", named("Ada Verborgen"))
            let named: JSONValue = ["id": .string(hook)]
            try await eventually("it waits") {
                try await shop.call("webhook.deliveries", named).array?.first?["response_status"] == 500
            }
            #expect(try await !shop.call("webhook.deliveries", named).text.contains("Verborgen"))
            _ = try await shop.call("customer.erase", ["id": .string(ada)])
            try receiver.behave("/hook", .init())
            try await eventually("it is told") {
                try receiver.requests().contains { $0.status == 200 }
            }
            let told = try receiver.requests().filter { $0.status == 200 }
            #expect(told.allSatisfy { !$0.body.contains("Verborgen") && $0.body.contains(ada) })
        }
    }

    @Test func `reaches no private address unless it is told to, and says so`() async throws {
        let receiver = try await WebhookReceiver.start()
        var options = DaemonProcess.Options()
        options.configuration = "webhooks:\n    allow_http: true\n"
        try await withShop(options) { shop in
            try await shop.setEnabled(true, "webhook")
            func problem(_ url: String) async throws -> JSONValue {
                try await shop.request("POST", "/webhooks", ["url": .string(url), "events": ["*"]]).json()
            }
            for url in ["http://127.0.0.1:\(receiver.port)/", "https://[::1]/", "http://localhost/"] {
                #expect(try await problem(url).text.contains("webhooks.allow_private"), "\(url)")
            }
            // Forms that only the resolver takes apart.
            for host in ["127.1", "2130706433", "ip6-localhost"] {
                let id = try #require(try await problem("http://\(host):\(receiver.port)/")["id"]?.string)
                let told = try await shop.call("webhook.test", ["id": .string(id)])
                #expect(told["delivered"] == false, "\(host)")
            }
            #expect(try receiver.requests().isEmpty)
            #expect(try await problem("https://example.org/x")["secret"] != nil)
            let wrong = try await shop.request(
                "POST", "/webhooks", ["url": "https://example.org/", "events": ["order.creatd"]])
            #expect(wrong.status == 422 && wrong.text.contains("order.*"))
        }
    }
}
