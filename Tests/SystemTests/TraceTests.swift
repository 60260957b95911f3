import JSON
import TestKit
import Testing

private let traceID = "0af7651916cd43dd8448eb211c80319c"
private let caller = "b7ad6b7169203331"
private let sampled = "00-\(traceID)-\(caller)-01"

private func traced(_ settings: String) -> DaemonProcess.Options {
    var options = DaemonProcess.Options()
    options.configuration = "tracing:\n" + settings.split(separator: "\n").map { "    \($0)\n" }.joined()
    return options
}

extension Shop {
    /// Orders a piece, with a customer and a product of its own, and waits until all has come of it.
    /// - Returns: the order's id and the answer to the request.
    fileprivate func order(_ headers: [(String, String)] = []) async throws -> (id: String, answer: HTTPResponse) {
        let goods = try await stock("Tea", 10)
        let ada = try await createOne("/customers", customer("Ada"))
        try await settle()
        let answer = try await request(
            "POST", "/order", headers: headers, body: SystemTests.order([goods.product], by: ada).text)
        let id = try #require(try answer.taken().array?.first?.string)
        try await settle()
        return (id, answer)
    }

    /// Spans that the collector took, or did not get.
    fileprivate func count(of outcome: String) async throws -> Int {
        let text = try await request("GET", "/metrics").text
        let line = "ordershop_trace_spans_total{outcome=\"\(outcome)\"} "
        return text.split(separator: "\n").first { $0.hasPrefix(line) }.flatMap { Int($0.dropFirst(line.count)) }
            ?? -1
    }

    /// The steps of a story, each with the names of those above it.
    fileprivate func story(of id: String) async throws -> (answer: JSONValue, steps: [Told]) {
        let answer = try await call("trace.get", ["id": .string(id)])
        return (answer, (answer["steps"]?.array ?? []).flatMap { Told.all($0) })
    }
}

/// A step of a story.
private struct Told: Sendable {
    let step: JSONValue
    let path: [String]

    var name: String { step["name"]?.string ?? "" }

    static func all(_ step: JSONValue, below path: [String] = []) -> [Told] {
        let name = step["name"]?.string ?? ""
        return [Told(step: step, path: path)]
            + (step["steps"]?.array ?? []).flatMap { all($0, below: path + [name]) }
    }
}

@Suite(.timeLimit(.minutes(12))) struct `A trace` {
    @Test func `joins an order's request with the mails that come of it, in the events' metadata`() async throws {
        try await withShop { shop in
            let (id, answer) = try await shop.order([("traceparent", sampled), ("tracestate", "rojo=1")])
            #expect(try #require(answer.header("traceresponse")).hasPrefix("00-\(traceID)-"))
            let history = try await History(of: shop)
            let order = try #require(history["order_created"].first { $0.entityID == id })
            let traceparent = try #require(order.field("traceparent"))
            #expect(traceparent.hasPrefix("00-\(traceID)-") && traceparent.hasSuffix("-01"))
            #expect(traceparent != sampled && traceparent != answer.header("traceresponse"))
            #expect(order.field("tracestate") == "rojo=1")
            let requested = history["mail_requested"].filter { $0.cause == order.id }
            #expect(Set(requested.compactMap { $0.field("module") }) == ["billing", "crm"])
            let sent = history["mail_sent"].filter { mail in requested.contains { $0.id == mail.cause } }
            #expect(sent.count == 2)
            for event in requested + sent {
                let traceparent = try #require(event.field("traceparent"))
                #expect(traceparent.hasPrefix("00-\(traceID)-"))
            }
            // Others that happened at the same time are in no trace.
            #expect(history["customer_created"].allSatisfy { $0.field("traceparent") == nil })
        }
    }

    @Test func `is told as a tree, from the request to the mail, with how long each step took`() async throws {
        try await withShop { shop in
            let (id, _) = try await shop.order([("traceparent", sampled), ("X-Request-ID", "visit-7")])
            let (answer, steps) = try await shop.story(of: "order:\(id)")
            #expect(answer["traces"] == [.string(traceID)])
            #expect(answer["is_whole"] == true)
            let roots = steps.filter(\.path.isEmpty)
            #expect(roots.map(\.name) == ["POST /order"])
            func paths(_ name: String) -> [[String]] { steps.filter { $0.name == name }.map(\.path) }
            #expect(paths("order.create") == [["POST /order"]])
            #expect(paths("append") == [["POST /order", "order.create"]])
            #expect(paths("inventory updated") == [["POST /order", "order.create"]])
            let order = ["POST /order", "order.create", "order created"]
            #expect(
                Set(paths("mail requested")) == [order + ["crm order.created"], order + ["billing order.created"]])
            for path in paths("mail sent") { #expect(path.suffix(2) == ["mail requested", "mail mail.requested"]) }
            #expect(paths("mail sent").count == 2)
            #expect(paths("mails delivered").count == 2)
            for step in steps where step.step["kind"] == "span" {
                #expect(try #require(step.step["duration_us"]?.number?.int64) >= 0)
            }
            let command = try #require(steps.first { $0.name == "order.create" })
            #expect(command.step["request"] == "visit-7")
            for name in [id, "1", traceID] {
                #expect(try await shop.story(of: name).steps.map(\.name) == steps.map(\.name), "\(name)")
            }
        }
    }

    @Test func `that nobody recorded is told from the events alone`() async throws {
        try await withShop { shop in
            let unsampled = "00-\(traceID)-\(caller)-00"
            for headers in [[], [("traceparent", unsampled)], [("traceparent", "00-nonsense-01")]] {
                let (id, answer) = try await shop.order(headers + [("X-Request-ID", "visit-8")])
                #expect(answer.header("traceresponse") == nil)
                let (story, steps) = try await shop.story(of: id)
                #expect(story["traces"] == [] && story["is_whole"] == true)
                #expect(steps.allSatisfy { $0.step["duration_us"] == nil && $0.step["kind"] != "span" })
                let order = ["request visit-8", "order created"]
                #expect(steps.first { $0.name == "order created" }?.path == ["request visit-8"])
                #expect(steps.filter { $0.name == "mail requested" }.map(\.path) == [order, order])
                #expect(
                    steps.filter { $0.name == "mail sent" }.map(\.path).allSatisfy {
                        $0 == order + ["mail requested"]
                    })
                #expect(steps.count { $0.name == "mail sent" } == 2)
            }
            let history = try await History(of: shop)
            #expect(history.events.allSatisfy { $0.field("traceparent") == nil && $0.field("tracestate") == nil })
        }
    }

    @Test func `of an order has its billing and its parcel, which other requests brought`() async throws {
        try await withShop { shop in
            let (id, _) = try await shop.order()
            _ = try await shop.createOne("/billings", billing(id))
            try await shop.settle()
            let (_, steps) = try await shop.story(of: id)
            #expect(steps.count { $0.path.isEmpty } == 2)
            for name in ["billing created", "order billed", "shipping created"] {
                #expect(steps.contains { $0.name == name }, "\(name)")
            }
            let request = try #require(
                await shop.call("event.list", ["entity": .string("order:\(id)"), "limit": 1])
                    .array?.first?["correlation"]?.string)
            #expect(try await shop.story(of: request).steps.contains { $0.name == "order created" })
            #expect(try await shop.reason("trace.get", ["id": "nothing"]) == "not-found")
            #expect(try await shop.reason("trace.get", ["id": .string(nobody)]) == "not-found")
        }
    }

    @Test func `is printed as a tree`() async throws {
        try await withShop { shop in
            _ = try await shop.order([("traceparent", sampled)])
            let printed = try await shop.ctl("trace", "1")
            #expect(printed.exitCode == 0)
            #expect(printed.output.contains("trace \(traceID)"))
            let lines = printed.output.split(separator: "\n").map(String.init)
            #expect(lines.contains { $0.contains("POST /order") })
            #expect(lines.contains { $0.contains("└─ order created  order:") })
            #expect(lines.contains { $0.contains("mail sent  mail:") && $0.contains("by mail") })
            let unknown = try await shop.ctl("trace", "99")
            #expect(unknown.exitCode == 1)
            #expect(unknown.errors.contains("nothing is known of 99"))
        }
    }

    /// They wait at the same moment, and one of them takes the others' steps to Redis along.
    @Test func `is not taken for another's where many work at once`() async throws {
        try await withShop { shop in
            func trace(_ number: Int) -> String {
                let digits = String(number, radix: 16)
                return String(repeating: "a", count: 32 - digits.count) + digits
            }
            try await withThrowingDiscardingTaskGroup { group in
                for number in 1...60 {
                    group.addTask {
                        let headers = number % 3 == 0 ? [] : [("traceparent", "00-\(trace(number))-\(caller)-01")]
                        _ = try await shop.request(
                            "POST", "/customer", headers: headers, body: customer("Ada\(number)").text
                        ).taken()
                    }
                }
            }
            try await shop.settle()
            let history = try await History(of: shop)
            var names: [String: String] = [:]
            for event in history["customer_created"] {
                let number = try #require(event.entity["name"]?.string.flatMap { Int($0.dropFirst(3)) })
                let own = number % 3 == 0 ? nil : trace(number)
                names[event.id] = own ?? ""
                #expect(event.field("traceparent")?.dropFirst(3).prefix(32) == own?[...])
            }
            #expect(names.count == 60)
            for mail in history["mail_requested"] {
                let own = try #require(names[mail.cause ?? ""])
                #expect(mail.field("traceparent")?.dropFirst(3).prefix(32) ?? "" == own[...])
            }
            for number in [1, 2, 4, 5] {
                let steps = try await shop.story(of: trace(number)).steps
                #expect(steps.count { $0.name == "append" } == 1)
                #expect(steps.count { $0.name == "customer created" } == 1)
            }
        }
    }

    @Test func `waits for a module that is off, and a preview leaves nothing in it`() async throws {
        try await withShop { shop in
            try await shop.setEnabled(false, "crm")
            let (id, _) = try await shop.order([("traceparent", sampled)])
            _ = try await shop.call("module.preview", ["name": "crm"])
            let before = try await shop.story(of: id).steps.map(\.name)
            #expect(before.contains("billing order.created") && !before.contains("crm order.created"))
            try await shop.setEnabled(true, "crm")
            try await shop.settle()
            let steps = try await shop.story(of: id).steps
            #expect(steps.count { $0.name == "crm order.created" } == 1)
            #expect(steps.count { $0.name == "mail sent" } == 2)
        }
    }

    @Test func `of a request that was refused tells why`() async throws {
        try await withShop { shop in
            let goods = try await shop.stock("Tea", 0)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let answer = try await shop.request(
                "POST", "/order", headers: [("traceparent", sampled), ("X-Request-ID", "visit-9")],
                body: SystemTests.order([goods.product], by: ada).text)
            #expect(answer.status == 409)
            for name in [traceID, "visit-9"] {
                let steps = try await shop.story(of: name).steps
                #expect(steps.map(\.name) == ["POST /order", "order.create"], "\(name)")
                #expect(steps.last?.step["error"]?.string?.isEmpty == false)
            }
        }
    }

    @Test func `goes on at the receivers of webhooks`() async throws {
        let receiver = try await WebhookReceiver.start()
        var options = DaemonProcess.Options()
        options.configuration = "webhooks:\n    allow_private: true\n"
        try await withShop(options) { shop in
            try await shop.setEnabled(true, "webhook")
            _ = try await shop.call(
                "webhook.create",
                ["url": .string("http://127.0.0.1:\(receiver.port)/hook"), "events": ["customer.created"]])
            for headers in [[("traceparent", sampled)], []] {
                _ = try await shop.request(
                    "POST", "/customer", headers: headers, body: customer("Ada").text
                ).taken()
            }
            try await eventually("both messages have come", within: .seconds(30)) {
                try receiver.requests("/hook").count == 2
            }
            // Those of different entities may overtake each other.
            let named = try receiver.requests("/hook").compactMap { $0.headers["traceparent"] }
            #expect(named.count == 1)
            #expect(named.allSatisfy { $0.hasPrefix("00-\(traceID)-") && $0.hasSuffix("-01") })
            try await eventually("its span is told", within: .seconds(30)) {
                try await shop.story(of: traceID).steps.contains {
                    $0.name == "webhook customer.created" && $0.path.last == "customer created"
                }
            }
        }
    }

    @Test func `comes over the control socket and by way of rpc, too`() async throws {
        try await withShop { shop in
            func traceparent(of id: JSONValue) async throws -> String? {
                let events = try await shop.call("event.list", ["entity": .string("customer:\(id.string ?? "")")])
                return events.array?.first?["metadata"]?["traceparent"]?.string
            }
            func create(_ traceparent: JSONValue) async throws -> JSONValue {
                try await shop.call(
                    "customer.create", ["name": "Ada", "email": "a@example.org", "traceparent": traceparent])
            }
            let id = try await create(.string(sampled))
            #expect(try await traceparent(of: id)?.hasPrefix("00-\(traceID)-") == true)
            let (_, steps) = try await shop.story(of: try #require(id.string))
            #expect(
                steps.contains {
                    $0.name == "customer created" && $0.path == ["customer.create", "customer.create"]
                })
            for ignored in ["00-nonsense", "00-\(traceID)-\(caller)-00"] {
                let id = try await create(.string(ignored))
                #expect(try await traceparent(of: id) == nil)
            }
        }
    }
}

@Suite(.timeLimit(.minutes(12))) struct `Spans` {
    @Test func `are recorded of a part of the requests, which a reload changes`() async throws {
        try await withShop(traced("sample: 1")) { shop in
            let (id, answer) = try await shop.order()
            let response = try #require(answer.header("traceresponse"))
            #expect(response.hasSuffix("-01") && !response.contains(traceID))
            #expect(try await shop.story(of: id).steps.first?.name == "POST /order")
            try shop.daemon.configure("tracing:\n    sample: 0\n")
            shop.daemon.signal(1)
            try await eventually("the settings are read again", within: .seconds(30)) {
                try await shop.request("GET", "/orders/unbilled").header("traceresponse") == nil
            }
        }
    }

    @Test func `go to a collector by OTLP, and name each other`() async throws {
        let collector = try await WebhookReceiver.start()
        try await withShop(traced("endpoint: http://127.0.0.1:\(collector.port)/")) { shop in
            _ = try await shop.order([("traceparent", sampled)])
            try await eventually("the spans have come", within: .seconds(30)) {
                try spans(collector).contains { $0["name"] == "POST /order" }
                    && spans(collector).count { $0["name"] == "mails delivered" } == 2
            }
            let request = try #require(collector.requests().first)
            #expect(request.path == "/v1/traces")
            #expect(request.headers["content-type"] == "application/json")
            let resource = try JSONValue(parsing: request.body.utf8)["resourceSpans"]?.array?.first?["resource"]
            #expect(
                resource?["attributes"]?.array?.contains(
                    ["key": "service.name", "value": ["stringValue": "ordershopd"]]) == true)
            try check(spans(collector))
            try await eventually("they are counted", within: .seconds(30)) {
                try await shop.count(of: "exported") == spans(collector).count
            }
            #expect(try await shop.count(of: "dropped") == 0)
        }
    }

    private func spans(_ collector: WebhookReceiver) throws -> [JSONValue] {
        try collector.requests().flatMap { request in
            (try JSONValue(parsing: request.body.utf8)["resourceSpans"]?.array ?? [])
                .flatMap { $0["scopeSpans"]?.array ?? [] }.flatMap { $0["spans"]?.array ?? [] }
        }
    }

    /// One trace, whose one beginning is the caller's span.
    private func check(_ spans: [JSONValue]) throws {
        #expect(spans.allSatisfy { $0["traceId"]?.string == traceID })
        let ids = spans.compactMap { $0["spanId"]?.string }
        #expect(ids.count == spans.count && Set(ids).count == ids.count)
        #expect(ids.allSatisfy { $0.count == 16 && $0.allSatisfy(\.isHexDigit) })
        let roots = spans.filter { $0["parentSpanId"]?.string == caller }
        #expect(roots.map { $0["name"] } == ["POST /order"])
        #expect(
            spans.allSatisfy { span in
                span["parentSpanId"]?.string == caller || ids.contains(span["parentSpanId"]?.string ?? "")
            })
        let attributes = roots.first?["attributes"]?.array ?? []
        #expect(attributes.contains(["key": "http.request.method", "value": ["stringValue": "POST"]]))
        #expect(attributes.contains(["key": "http.route", "value": ["stringValue": "/order"]]))
        #expect(attributes.contains(["key": "http.response.status_code", "value": ["intValue": "200"]]))
        for span in spans {
            let (start, end) = (span["startTimeUnixNano"]?.string ?? "", span["endTimeUnixNano"]?.string ?? "")
            #expect(try #require(UInt64(start)) <= (try #require(UInt64(end))))
        }
    }

    @Test func `hold nothing up where the collector is gone, and are dropped in the end`() async throws {
        let collector = try await WebhookReceiver.start()
        try collector.behave("/v1/traces", .init(status: 400))
        try await withShop(traced("endpoint: http://127.0.0.1:\(collector.port)")) { shop in
            let (id, _) = try await shop.order([("traceparent", sampled)])
            try await eventually("the spans are dropped", within: .seconds(30)) {
                try await shop.count(of: "dropped") > 0
            }
            #expect(try await shop.story(of: id).steps.first?.name == "POST /order")
            #expect(await shop.daemon.stop() == 0)
        }
    }
}
