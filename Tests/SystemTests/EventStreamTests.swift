import Foundation
import JSON
import Redis
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `A client that follows events over HTTP` {
    private func open(
        _ shop: Shop, _ query: String = "", from place: String? = nil, isReading: Bool = true
    ) async throws -> EventSource {
        try await EventSource.open(
            port: shop.daemon.port, "/events" + query, headers: place.map { [("Last-Event-ID", $0)] } ?? [],
            isReading: isReading)
    }

    private func options(_ settings: String) -> DaemonProcess.Options {
        var options = DaemonProcess.Options()
        options.configuration = "log:\n    level: info\ngateway:\n    events:\n        \(settings)\n"
        return options
    }

    private func list(_ shop: Shop, _ params: [(String, JSONValue)] = []) async throws -> [JSONValue] {
        let params = JSONObject([("limit", 1000)] + params)
        var (all, after) = ([JSONValue](), JSONValue.string("beginning"))
        while true {
            var page = params
            page["after"] = after
            let events = try await shop.call("event.list", .object(page)).array ?? []
            all += events
            guard let last = events.last?["id"], events.count == 1000 else { return all }
            after = last
        }
    }

    private func told(_ source: EventSource) throws -> [JSONValue] {
        try source.messages.map { try JSONValue(parsing: $0.data.utf8) }
    }

    private func metric(_ name: String, _ shop: Shop) async throws -> Double? {
        let text = try await shop.request("GET", "/metrics").text
        let line = text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return line.flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }
    }

    // MARK: What comes

    @Test func `is told of what happens from now on, as event.list tells of it`() async throws {
        try await withShop { shop in
            _ = try await shop.createOne("/customers", customer("Before"))
            try await shop.settle()
            let before = try await list(shop).count
            let source = try await open(shop)
            #expect(source.head?.status == 200)
            #expect(source.head?.header("Content-Type") == "text/event-stream")
            #expect(source.head?.header("Cache-Control") == "no-store")
            #expect(source.head?.header("X-Accel-Buffering") == "no")
            // Something to flush for who is in between, and where to go on if nothing happens.
            try await eventually("the stream says where it begins") { source.comments > 0 }
            #expect(source.messages.isEmpty && source.lastEventID.contains("-"))
            let ada = try await shop.createOne("/customers", customer("Ada"))
            _ = try await shop.request("PUT", "/customer/\(ada)", customer("Eve")).taken()
            try await shop.settle()
            let events = try await Array(list(shop).dropFirst(before))
            #expect(events.count >= 2)
            _ = try await source.messages(atLeast: events.count)
            #expect(try told(source) == events)
            #expect(source.messages.map(\.id) == events.compactMap { $0["id"]?.string })
            #expect(source.messages.allSatisfy { $0.type == "message" })
        }
    }

    @Test func `is told of all there ever was where it asks for that, and then of what happens`() async throws {
        try await withShop { shop in
            try await shop.setEnabled(false, "crm")
            for round in 0..<3 {
                _ = try await shop.create("/customers", .array((0..<1000).map { customer("c\(round)-\($0)") }))
            }
            let source = try await open(shop, "?after=0")
            _ = try await source.messages(atLeast: 3000)
            let last = try await shop.createOne("/customers", customer("Last"))
            _ = try await source.messages(atLeast: 3001)
            let events = try await list(shop)
            #expect(try told(source) == events && events.last?["entity"]?["id"] == .string(last))
        }
    }

    @Test func `is told only of the topics, actions and entities that it names`() async throws {
        try await withShop { shop in
            let tea = try await shop.createOne("/products", product("Tea", price: 4))
            let sources = [
                "": try await open(shop), "topic=product": try await open(shop, "?topic=product"),
                "both": try await open(shop, "?topic=product,customer&action=updated&action=deleted"),
                "one": try await open(shop, "?entity=product:\(tea)"),
            ]
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let cup = try await shop.createOne("/products", product("Cup", price: 4))
            for id in [tea, cup] {
                _ = try await shop.request("PUT", "/product/\(id)", product("Changed", price: 4)).taken()
            }
            _ = try await shop.request("DELETE", "/customer/\(ada)").taken()
            func seen(_ name: String, atLeast count: Int) async throws -> [String] {
                let source = try #require(sources[name])
                _ = try await source.messages(atLeast: count)
                return try told(source).map { event in
                    [event["topic"], event["action"], event["entity"]?["id"]].map { $0?.string ?? "" }
                        .joined(separator: " ")
                }
            }
            let updates = ["product updated \(tea)", "product updated \(cup)"]
            #expect(try await seen("topic=product", atLeast: 3) == ["product created \(cup)"] + updates)
            #expect(try await seen("both", atLeast: 3) == updates + ["customer deleted \(ada)"])
            #expect(try await seen("one", atLeast: 1) == [updates[0]])
            #expect(try await seen("", atLeast: 5).count >= 5)
            for query in [
                "topic=costumer", "action=made", "entity=x", "after=soon", "name=x", "topic=mail&action=billed",
            ] {
                let response = try await shop.request("GET", "/events?\(query)")
                #expect(response.status == 422, "\(query)")
            }
            let response = try await shop.request("GET", "/events", headers: [("Last-Event-ID", "x")])
            #expect(response.status == 400)
            #expect(try await shop.request("HEAD", "/events").status == 200)
        }
    }

    @Test func `goes on behind what it saw last, without gap and without doubling, while much happens`()
        async throws
    {
        try await withShop { shop in
            try await shop.setEnabled(false, "crm")
            let first = try await open(shop)
            try await eventually("it begins") { first.lastEventID.contains("-") }
            let count = 6 * 150
            let seen = try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<6 {
                    group.addTask {
                        let connection = try await HTTPConnection.connect(port: shop.daemon.port)
                        for round in 0..<150 {
                            let body = customer("c\(number)-\(round)").text
                            #expect(try await connection.send("POST", "/customers", body: body).status == 200)
                        }
                    }
                }
                var (seen, place, cuts) = ([String](), first.lastEventID, 0)
                first.close()
                while seen.count < count {
                    let source = try await self.open(shop, "?topic=customer", from: place)
                    _ = try? await source.messages(atLeast: min(count - seen.count, 20 + cuts * 7 % 60))
                    // What came after the look is lost with the connection, as it would be on a network.
                    let messages = source.messages
                    seen += messages.map(\.id)
                    place = messages.last?.id ?? place
                    source.close()
                    cuts += 1
                }
                #expect(cuts > 5)
                try await group.waitForAll()
                return seen
            }
            #expect(try await seen == list(shop).compactMap { $0["id"]?.string })
        }
    }

    @Test func `is told of a gap where what it saw last was trimmed, and goes on from the first there is`()
        async throws
    {
        try await withShop { shop in
            let source = try await open(shop)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            try await shop.settle()
            let place = try #require(try await source.messages(atLeast: 1).first?.id)
            source.close()
            try await eventually("it has left") { try await self.metric("ordershop_sse_clients", shop) == 0 }
            _ = try await shop.ctl("retention", "apply", "--before", "2100-01-01T00:00:00Z", "--yes")
            _ = try await shop.request("PUT", "/customer/\(ada)", customer("Eve")).taken()
            let later = try await open(shop, from: place)
            let messages = try await later.messages(atLeast: 2)
            #expect(messages[0].type == "gap")
            let gap = try JSONValue(parsing: messages[0].data.utf8)
            #expect(gap["after"] == .string(place) && gap["trimmed_through"]?.string != nil)
            #expect(try JSONValue(parsing: messages[1].data.utf8)["action"] == "updated")
            // Who has seen it is not told again.
            let last = try await open(shop, from: later.lastEventID)
            _ = try await shop.request("PUT", "/customer/\(ada)", customer("Bob")).taken()
            #expect(try await last.messages(atLeast: 1).first?.type == "message")
        }
    }

    @Test func `sees of persons what event.list shows of them`() async throws {
        var options = DaemonProcess.Options()
        options.configuration = "log:\n    level: info\nprivacy:\n    encrypt: true\n"
        try await withShop(options) { shop in
            let source = try await open(shop)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            try await shop.settle()
            let events = try await list(shop)
            _ = try await source.messages(atLeast: events.count)
            #expect(try told(source) == events && events.first?["entity"]?["name"] == "Ada")
            _ = try await shop.ctl("customer", "erase", ada, "--yes")
            // The one who followed still holds the connection, so the daemon still has what it was told.
            let again = try await open(shop, "?after=0")
            let after = try await list(shop)
            _ = try await again.messages(atLeast: after.count)
            #expect(try told(again) == after && !again.messages[0].data.contains("Ada"))
            #expect(!source.hasEnded)
        }
    }

    @Test func `hears that the connection stands, and from where on, while nothing happens that it asks for`()
        async throws
    {
        try await withShop(options("heartbeat: 1")) { shop in
            let source = try await open(shop, "?topic=billing")
            let start = source.lastEventID
            _ = try await shop.createOne("/customers", customer("Ada"))
            try await eventually("it hears of the connection") { source.comments >= 4 }
            #expect(source.lastEventID != start && source.messages.isEmpty && !source.hasEnded)
        }
    }

    @Test func `is served while the gateway is switched off, and goes on when Redis was away`() async throws {
        let redis = try await RedisServer.start()
        defer { redis.kill() }
        try await withShop(DaemonProcess.Options(redis: redis.url)) { shop in
            try await shop.setEnabled(false, "gateway")
            let source = try await open(shop)
            _ = try await shop.call("customer.create", ["name": "Ada", "email": "a@example.org"])
            _ = try await source.messages(atLeast: 1)
            _ = try? await shop.redis.run("CLIENT", "KILL", "TYPE", "normal")
            try await eventually("the shop takes orders again") {
                _ = try await shop.call("customer.create", ["name": "Eve", "email": "a@example.org"])
                return true
            }
            try await eventually("both are told of") {
                try self.told(source).filter { $0["topic"] == "customer" }.count >= 2
            }
        }
    }

    // MARK: Many, and those who do not read

    @Test func `is one of two hundred, for whom Redis is read once`() async throws {
        try await withShop { shop in
            try await shop.setEnabled(false, "crm")
            func connections() async throws -> Int {
                try await shop.redis.run("CLIENT", "LIST").string?.split(separator: "\n").count ?? 0
            }
            let before = try await connections()
            var sources: [EventSource] = []
            for _ in 0..<200 { sources.append(try await open(shop, "?topic=customer")) }
            #expect(try await metric("ordershop_sse_clients", shop) == 200)
            #expect(try await connections() <= before + 1)
            for round in 0..<5 {
                _ = try await shop.create("/customers", .array((0..<20).map { customer("c\(round)-\($0)") }))
            }
            let events = try await list(shop).compactMap { $0["id"]?.string }
            #expect(events.count == 100)
            for source in sources {
                #expect(try await source.messages(atLeast: 100).map(\.id) == events)
            }
            #expect(try await metric("ordershop_sse_messages_sent_total", shop) == 20_000)
            for source in sources { source.close() }
            try await eventually("all have left") { try await self.metric("ordershop_sse_clients", shop) == 0 }
        }
    }

    @Test func `is asked to come again where there are too many`() async throws {
        try await withShop(options("max_clients: 2")) { shop in
            let first = try await open(shop)
            let second = try await open(shop)
            let refused = try await shop.request("GET", "/events")
            #expect(refused.status == 503 && refused.header("Retry-After") == "10")
            #expect(try await metric("ordershop_sse_clients_refused_total", shop) == 1)
            first.close()
            try await eventually("there is room") { try await self.metric("ordershop_sse_clients", shop) == 1 }
            let third = try await open(shop)
            #expect(third.head?.status == 200 && !second.hasEnded)
        }
    }

    private func residentBytes(_ shop: Shop) throws -> Int {
        let path = "/proc/\(try #require(shop.daemon.processID))/statm"
        let text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
        return try #require(Int(text.split(separator: " ")[1])) * 4096
    }

    /// About a megabyte of messages.
    private func crowd(_ shop: Shop, _ round: Int) async throws {
        let name = String(repeating: "x", count: 80)
        _ = try await shop.create("/products", .array((0..<1000).map { product("\(name)\(round)-\($0)") }))
    }

    @Test func `that never reads is dropped, costs bounded memory, and holds up nobody`() async throws {
        try await withShop(options("heartbeat: 2")) { shop in
            try await shop.setEnabled(false, "crm")
            for round in 0..<3 { try await crowd(shop, round) }
            let before = try residentBytes(shop)
            let reader = try await open(shop)
            var stuck: [EventSource] = []
            for _ in 0..<20 { stuck.append(try await open(shop, isReading: false)) }
            try await eventually("all have come") { try await self.metric("ordershop_sse_clients", shop) == 21 }
            // What would be kept for each of them, were it kept: more than the kernel takes.
            for round in 0..<20 { try await crowd(shop, round) }
            let growth = try residentBytes(shop) - before
            #expect(growth < 64 << 20, "grew by \(growth >> 20) MiB")
            _ = try await reader.messages(atLeast: 20_000)
            let bytes = reader.messages.reduce(0) { $0 + $1.data.utf8.count }
            #expect(bytes > 6 << 20, "\(bytes)")
            try await eventually("they are dropped") {
                try await self.metric("ordershop_sse_clients_dropped_total", shop) == 20
            }
            #expect(try await metric("ordershop_sse_clients", shop) == 1)
            #expect(!reader.hasEnded)
            #expect(stuck.count == 20)
        }
    }

    /// How long it takes from SIGTERM to the end.
    private func end(_ shop: Shop) async throws -> Duration {
        let start = ContinuousClock.now
        shop.daemon.signal(SIGTERM)
        #expect(try await shop.daemon.exitCode() == 0)
        return ContinuousClock.now - start
    }

    @Test func `does not hold up the daemon's end, not even one that never reads`() async throws {
        let alone = try await withShop { shop in
            _ = try await shop.createOne("/customers", customer("Ada"))
            return try await end(shop)
        }
        let followed = try await withShop { shop in
            try await shop.setEnabled(false, "crm")
            var sources: [EventSource] = []
            for number in 0..<20 { sources.append(try await open(shop, isReading: number % 2 == 0)) }
            for round in 0..<10 { try await crowd(shop, round) }
            let time = try await end(shop)
            for source in sources.enumerated() where source.offset % 2 == 0 {
                try await eventually("the stream ended") { source.element.hasEnded }
            }
            return time
        }
        #expect(followed < alone + .seconds(2), "\(alone) without, \(followed) with streams open")
    }
}
