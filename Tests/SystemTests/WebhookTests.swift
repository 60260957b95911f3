import Foundation
import JSON
import Redis
import TestKit
import Testing

/// A shop that tells a receiver of its events.
private func withHooks(
    settings: String = "", _ body: @escaping @Sendable (Shop, WebhookReceiver) async throws -> Void
) async throws {
    let receiver = try await WebhookReceiver.start()
    try await withShop(hooked(settings)) { shop in
        try await shop.setEnabled(true, "webhook")
        try await body(shop, receiver)
    }
}

private func hooked(_ settings: String = "", redis: String? = nil) -> DaemonProcess.Options {
    var options = DaemonProcess.Options(redis: redis)
    options.configuration = """
        webhooks:
            allow_private: true
            retry: 1
            \(settings.replacing("\n", with: "\n    "))
        """
    return options
}

private struct Hook: Sendable {
    let id: String
    let secret: String
    var named: JSONValue { ["id": .string(id)] }
}

extension Shop {
    fileprivate func hook(
        _ receiver: WebhookReceiver, _ path: String = "/hook", events: [String] = ["customer.*"]
    ) async throws -> Hook {
        let answer = try await call(
            "webhook.create",
            ["url": .string("http://127.0.0.1:\(receiver.port)\(path)"), "events": .list(events)])
        return Hook(id: try #require(answer["id"]?.string), secret: try #require(answer["secret"]?.string))
    }

    fileprivate func person(_ name: String) async throws -> String {
        try await createOne("/customers", named(name))
    }

    fileprivate func rename(_ id: String, _ name: String) async throws {
        _ = try await request("PUT", "/customer/\(id)", named(name)).taken()
    }

    fileprivate func deliveries(_ hook: Hook, _ status: String? = nil) async throws -> [JSONValue] {
        var parameters = JSONObject([("id", .string(hook.id)), ("limit", 1_000)])
        parameters["status"] = status.map { .string($0) }
        return try await call("webhook.deliveries", .object(parameters)).array ?? []
    }
}

extension WebhookReceiver {
    /// The names of a customer, in the order in which the receiver took them.
    fileprivate func names(of id: String, _ path: String = "/hook") throws -> [String] {
        try requests(path).filter { $0.status == 200 && $0.data["entity_id"]?.string == id }
            .compactMap { $0.data["entity"]?["name"]?.string }
    }
}

extension WebhookReceiver.Request {
    fileprivate var message: JSONValue { (try? JSONValue(parsing: Array(body.utf8))) ?? .null }
    fileprivate var data: JSONValue { message["data"] ?? .null }
}

/// What docs/webhooks.md shows, run on what came.
private func isVerified(_ request: WebhookReceiver.Request, _ secret: String) async throws -> Bool {
    let page = try String(contentsOfFile: "docs/webhooks.md", encoding: .utf8)
    let code = try #require(page.split(separator: "```python\n").last?.split(separator: "\n```").first)
    let directory = try TemporaryDirectory()
    try Data(code.utf8).write(to: URL(filePath: directory.file("verify.py")))
    try JSONEncoder().encode(request.headers).write(to: URL(filePath: directory.file("headers")))
    try Data(request.body.utf8).write(to: URL(filePath: directory.file("body")))
    let check = """
        import json, sys
        sys.path.insert(0, "\(directory.path)")
        import verify
        headers, body = json.load(open("\(directory.file("headers"))")), open("\(directory.file("body"))", "rb").read()
        sys.exit(0 if verify.verify("\(secret)", headers, body) else 3)
        """
    let result = try await runCommand(["/usr/bin/python3", "-c", check])
    #expect(result.exitCode == 0 || result.exitCode == 3, "\(result.errors)")
    return result.exitCode == 0
}

@Suite(.timeLimit(.minutes(12))) struct `Webhooks` {
    @Test func `are told of events that they want, signed as the documentation verifies it`() async throws {
        try await withHooks { shop, receiver in
            let hook = try await shop.hook(receiver, events: ["customer.created"])
            let ada = try await shop.person("Ada")
            try await shop.rename(ada, "Adele")
            let bob = try await shop.person("Bob")
            try await eventually("both are told") { try receiver.requests().count == 2 }
            let first = try #require(try receiver.requests().first { $0.data["entity_id"]?.string == ada })
            #expect(first.message["type"] == "customer.created")
            #expect(first.data["entity"]?["name"] == "Ada")
            let event = try #require(first.data["event_id"]?.string)
            #expect(first.id == "msg_\(event)" && first.data["revision"]?.string == event)
            #expect(try receiver.requests().contains { $0.data["entity_id"]?.string == bob })
            #expect(try await isVerified(first, hook.secret))
            #expect(try await !isVerified(first, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
            try await eventually("both are noted") { try await shop.deliveries(hook, "delivered").count == 2 }
            // Those of different entities go side by side.
            let noted = try #require(
                try await shop.deliveries(hook).first { $0["entity"]?.string == "customer:\(ada)" })
            #expect(noted["response_status"] == 200 && noted["response_excerpt"] == "thanks")
            #expect(noted["attempts"] == 1 && noted["delivery"]?.string == event)
        }
    }

    @Test func `have secrets that stand nowhere, and that can be changed without a gap`() async throws {
        try await withHooks { shop, receiver in
            let hook = try await shop.hook(receiver)
            let new = try #require(try await shop.call("webhook.rotate", hook.named)["secret"]?.string)
            try await eventually("it is signed with both") {
                let count = try receiver.requests().count
                _ = try await shop.person("Ada")
                try await eventually("it is told") { try receiver.requests().count > count }
                let request = try receiver.requests()[count]
                try #require(try await isVerified(request, hook.secret))
                return try await isVerified(request, new)
            }
            let events = try await shop.call("event.list", ["topic": "webhook"]).text
            let shown = try await shop.call("webhook.get", hook.named).text + shop.get("/webhooks").text
            for secret in [hook.secret, new] {
                for text in [events, shown, shop.daemon.log] { #expect(!text.contains(secret)) }
            }
            #expect(events.contains(hook.id) && shown.contains(hook.id))
            let chosen = "whsec_" + Data(repeating: 7, count: 32).base64EncodedString()
            let other = try await shop.call(
                "webhook.create",
                ["url": "https://example.org/", "events": ["*"], "secret": .string(chosen)])
            #expect(other["secret"]?.string == chosen)
        }
    }

    @Test func `get the events of one entity in their order, however often they refuse, and the others at once`()
        async throws
    {
        try await withHooks { shop, receiver in
            let hook = try await shop.hook(receiver)
            let ada = try await shop.person("Ada 0")
            try await eventually("she is told of") { try receiver.names(of: ada).count == 1 }
            try receiver.behave("/hook", .init(status: 500, entities: [ada]))
            for number in 1...3 { try await shop.rename(ada, "Ada \(number)") }
            var others: [String] = []
            for number in 0..<20 { others.append(try await shop.person("Bob \(number)")) }
            try await eventually("the others are told of") {
                try others.allSatisfy { try receiver.names(of: $0).count == 1 }
            }
            try await eventually("three wait") { try await shop.deliveries(hook, "waiting").count == 3 }
            let waiting = try await shop.deliveries(hook, "waiting")
            #expect(waiting[0]["reason"] == "it answers 500" && waiting[0]["due_at"] != nil)
            #expect(try await shop.call("webhook.status", hook.named)["held"] == 3)
            try await eventually("it is tried again, after a while") {
                try receiver.requests().filter { $0.status == 500 }.count >= 3
            }
            let failures = try receiver.requests().filter { $0.status == 500 }
            #expect(Set(failures.map(\.id)).count == 1)
            #expect(failures[1].at - failures[0].at > 0.7 && failures[2].at - failures[1].at > 1.4)
            try receiver.behave("/hook", .init())
            try await eventually("all came in their order") {
                try receiver.names(of: ada) == ["Ada 0", "Ada 1", "Ada 2", "Ada 3"]
            }
            try await eventually("none waits") { try await shop.deliveries(hook, "waiting").isEmpty }
        }
    }

    @Test func `that are slow, or not there, hold up no others, and get all when they are back`() async throws {
        try await withHooks(settings: "timeout: 2") { shop, receiver in
            var slow = WebhookReceiver.Behaviour()
            slow.delay = 20
            try receiver.behave("/slow", slow)
            let sleepy = try await shop.hook(receiver, "/slow")
            _ = try await shop.call(
                "webhook.create",
                ["url": .string("http://127.0.0.1:\(try LoopbackPort.free())/"), "events": ["*"]])
            _ = try await shop.hook(receiver, "/hook")
            var people: [String] = []
            for number in 0..<40 { people.append(try await shop.person("Bob \(number)")) }
            try await eventually("the good one has all", within: .seconds(10)) {
                try receiver.requests("/hook").count == 40
            }
            try await eventually("the slow one is left alone") {
                try await shop.call("webhook.status", sleepy.named)["paused_until"] != nil
            }
            try receiver.behave("/slow", .init())
            try await eventually("the slow one has all") {
                try people.allSatisfy { try !receiver.names(of: $0, "/slow").isEmpty }
            }
        }
    }

    @Test func `are left alone for as long as they ask, and are disabled when they are gone`() async throws {
        try await withHooks { shop, receiver in
            try receiver.behave("/hook", .init(status: 429, headers: ["Retry-After": "3"]))
            let hook = try await shop.hook(receiver)
            _ = try await shop.person("Ada")
            try await eventually("it was asked") { try receiver.requests().count == 1 }
            try receiver.behave("/hook", .init(status: 410))
            _ = try await shop.person("Bob")
            try await eventually("it was asked again") { try receiver.requests().count >= 2 }
            #expect(try receiver.requests()[1].at - receiver.requests()[0].at > 2.9)
            try await eventually("it is disabled") {
                try await shop.call("webhook.get", hook.named)["enabled"] == false
            }
            #expect(
                try await shop.call("webhook.get", hook.named)["reason"]?.string
                    == "it answers 410 Gone, and so wants nothing any more")
            try receiver.behave("/hook", .init())
            #expect(try await shop.call("webhook.enable", hook.named) == true)
            try await eventually("it is told of both") {
                Set(try receiver.requests().filter { $0.status == 200 }.map(\.id)).count == 2
            }
            #expect(try await shop.call("webhook.get", hook.named)["reason"] == nil)
        }
    }

    @Test func `that take nothing for too long are disabled, and may skip what they missed`() async throws {
        try await withHooks(settings: "give_up_after: 2s") { shop, receiver in
            try receiver.behave("/hook", .init(status: 503))
            let hook = try await shop.hook(receiver)
            _ = try await shop.person("Ada")
            try await eventually("it is disabled") {
                try await shop.call("webhook.get", hook.named)["enabled"] == false
            }
            #expect(
                try await shop.call("webhook.get", hook.named)["reason"]?.string?.hasPrefix("nothing was taken for")
                    == true)
            _ = try await shop.person("Bob")
            try receiver.behave("/hook", .init())
            _ = try await shop.call("webhook.enable", ["id": .string(hook.id), "skip": true])
            let eve = try await shop.person("Eve")
            try await eventually("it is told of the last") { try receiver.names(of: eve) == ["Eve"] }
            #expect(try receiver.requests().filter { $0.status == 200 }.count == 1)
            let skipped = try await shop.deliveries(hook, "failed")
            #expect(skipped.count == 1 && skipped[0]["reason"]?.string?.contains("passed over") == true)
        }
    }

    @Test func `are sent again what somebody asks for, once, and remember no more than they should`() async throws {
        try await withHooks(settings: "log_size: 3") { shop, receiver in
            let hook = try await shop.hook(receiver)
            for number in 0..<6 { _ = try await shop.person("Bob \(number)") }
            try await eventually("all are told") { try receiver.requests().count == 6 }
            let ids = try receiver.requests().map(\.id)
            try await eventually("all is noted") {
                let position = try await shop.call("webhook.status", hook.named)["position"]?.string ?? ""
                return ids.max() == "msg_\(position)"
            }
            #expect(try await shop.deliveries(hook).count == 3)
            let last = try #require(try await shop.deliveries(hook)[0]["delivery"]?.string)
            func redeliver(_ delivery: String) async throws -> String? {
                try await shop.reason(
                    "webhook.redeliver", ["id": .string(hook.id), "delivery": .string(delivery)])
            }
            #expect(try await redeliver(last) == nil)
            try await eventually("it is sent again") { try receiver.requests().count == 7 }
            let repeated = try receiver.requests()[6]
            #expect(repeated.id == "msg_\(last)" && ids.contains(repeated.id))
            try receiver.behave("/hook", .init(status: 500))
            #expect(try await redeliver(last) == nil)
            try await eventually("it has failed") { try await shop.deliveries(hook, "failed").count == 1 }
            let known = try await shop.deliveries(hook).compactMap { $0["delivery"]?.string }
            let forgotten = ids.map { String($0.dropFirst(4)) }.filter { !known.contains($0) }
            #expect(forgotten.count == 3)
            for delivery in forgotten { #expect(try await redeliver(delivery) == "not-found") }
            let kept = try await shop.redis.run("HLEN", "ordershop:feed:webhook:\(hook.id):records").int
            #expect(kept == 3)
            _ = try await shop.call("webhook.delete", hook.named)
            try await eventually("nothing is left of it") {
                let secrets = try await shop.redis.run("HLEN", "ordershop:secrets").int
                let keys = try await shop.redis.keys("ordershop:feed:*")
                return secrets == 0 && keys.isEmpty
            }
        }
    }

    @Test func `can be tried out, and say why nothing arrives`() async throws {
        try await withHooks { shop, receiver in
            let hook = try await shop.hook(receiver)
            let good = try await shop.call("webhook.test", hook.named)
            #expect(good["delivered"] == true && good["response_status"] == 200)
            let request = try receiver.requests()[0]
            #expect(request.message["type"] == "webhook.test")
            #expect(try await isVerified(request, hook.secret))
            try receiver.behave("/hook", .init(status: 302, headers: ["Location": "https://example.org/there"]))
            let bad = try await shop.call("webhook.test", hook.named)
            #expect(bad["delivered"] == false)
            #expect(bad["reason"]?.string?.contains("https://example.org/there") == true)
            let shown = try await shop.ctl("webhook", "test", hook.id)
            #expect(shown.exitCode == 0 && shown.output.contains("302"))
            #expect(try await shop.ctl("webhook", "status", hook.id).exitCode == 0)
            #expect(
                try await shop.ctl("webhook", "deliveries", hook.id).output == "There are no such deliveries.\n")
        }
    }
}
