import Curl
import HandlerRuntime
import JSON
import NIOCore
import Testing

@testable import EventStore
@testable import WebhookService

private func delivery(_ number: UInt64, _ entity: String) throws -> Delivery {
    let record: JSONValue = ["type": "order.created", "entity": .string("order:\(entity)"), "status": "waiting"]
    return try #require(Delivery(event: EventID(seconds: number, microseconds: 0), record: record.text))
}

struct `What webhooks are signed with` {
    @Test func `is what Standard Webhooks' own example says`() throws {
        let secret = WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        let signature = secret.signatures(
            of: Array(#"{"test": 2432232314}"#.utf8), id: "msg_p5jXN8AQM9LWM0D4loKWxJek", at: 1_614_265_330)
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test func `is the secret before, too, for a day`() throws {
        let (old, new) = (WebhookSecret.random(), WebhookSecret.random())
        let secret = try #require(WebhookSecret(stored: WebhookSecret(old).rotated(to: new, at: 1_000).stored))
        let both = secret.signatures(of: [1], id: "a", at: 1_000).split(separator: " ")
        #expect(
            both.map(String.init) == [
                WebhookSecret(new).signatures(of: [1], id: "a", at: 1_000),
                WebhookSecret(old).signatures(of: [1], id: "a", at: 1_000),
            ])
        #expect(secret.signatures(of: [1], id: "a", at: 1_000 + 86_400).split(separator: " ").count == 1)
        #expect(WebhookSecret.isValid(old) && old != new)
        #expect(!WebhookSecret.isValid("whsec_YWJj") && !WebhookSecret.isValid("word"))
    }
}

struct `Where a webhook may be` {
    @Test(arguments: [
        ("https://example.org/hook", true, false), ("https://192.0.2.1/", false, true),
        ("https://10.1.2.3:8443/x", false, true), ("https://[::1]/", false, true),
        ("https://localhost/", false, true), ("http://example.org/", false, false),
        ("http://127.0.0.1:9/x", false, true), ("http://[::1]:9/x", false, true),
        ("ftp://example.org/", false, false),
        ("https://ada:word@example.org/", false, false), ("https://", false, false),
        ("https://exa mple.org/", false, false), ("https://größe.example/", false, false),
        ("https://example.org\\@127.0.0.1/", false, false),
    ])
    func `is said before anything is sent there`(url: String, isTaken: Bool, isTakenPrivately: Bool) {
        #expect((WebhookURL.problem(url, HTTPRules()) == nil) == isTaken)
        let isTakenThen = WebhookURL.problem(url, HTTPRules(allowsPrivate: true)) == nil
        #expect(isTakenThen == (isTaken || isTakenPrivately))
    }

    @Test func `may be http where that is allowed`() {
        #expect(WebhookURL.problem("http://example.org/", HTTPRules(allowsPlain: true)) == nil)
        #expect(WebhookURL.problem("http://127.0.0.1/", HTTPRules(allowsPlain: true)) != nil)
    }
}

struct `A pattern of events` {
    @Test func `means one, all of a topic, or all`() {
        let (created, billed) = (StreamKey("order", .created), StreamKey("order", "billed"))
        let other = StreamKey("customer", .created)
        func matches(_ text: String) -> [Bool] {
            [created, billed, other].map { EventPattern(text)?.matches($0) ?? false }
        }
        #expect(matches("order.created") == [true, false, false])
        #expect(matches("order.*") == [true, true, false])
        #expect(matches("*") == [true, true, true])
        for text in ["order", "order.", ".created", "*.created.x", ""] { #expect(EventPattern(text) == nil) }
    }
}

struct `The queue of a webhook` {
    @Test func `has one event of each entity on its way, in their order`() throws {
        var queue = DeliveryQueue()
        for (number, entity) in [(1, "a"), (2, "a"), (3, "b")] {
            queue.restore(try delivery(UInt64(number), entity))
        }
        let sent = [queue.next(at: 0), queue.next(at: 0), queue.next(at: 0)].compactMap(\.self)
        #expect(sent.map(\.event.seconds) == [1, 3])
        queue.end(sent[0])
        let next = queue.next(at: 0)
        #expect(next?.event.seconds == 2)
    }

    @Test func `keeps later events of an entity back behind one that failed, and lets the others go`() throws {
        var queue = DeliveryQueue()
        for (number, entity) in [(1, "a"), (2, "b"), (3, "a")] {
            _ = queue.add(event(number, entity), isDone: false)
        }
        let head = queue.next(at: 0)
        var first = try #require(head)
        first.due = 1_000
        let held = queue.hold(first)
        #expect(held.map(\.event.seconds) == [1, 3])
        let others = [queue.next(at: 0), queue.next(at: 0)]
        #expect(others.map { $0?.event.seconds } == [2, nil])
        let behind = queue.add(event(4, "a"), isDone: false)
        #expect(behind?.event.seconds == 4)
        let again = queue.next(at: 1_000)
        #expect(again?.event.seconds == 1)
        #expect(queue.countHeld == 3)
    }

    @Test func `tells how far a stream is settled only up to what is still on its way`() throws {
        var queue = DeliveryQueue()
        for (number, entity) in [(1, "a"), (2, "b"), (3, "c")] {
            _ = queue.add(event(number, entity), isDone: false)
        }
        let sent = [queue.next(at: 0), queue.next(at: 0), queue.next(at: 0)].compactMap(\.self)
        queue.end(sent[1])
        #expect(queue.positions.isEmpty)
        queue.end(sent[0])
        #expect(queue.positions.values.map(\.seconds) == [2])
        _ = queue.hold(sent[2])
        #expect(queue.positions.values.map(\.seconds) == [3])
    }

    @Test func `takes nothing twice that a former life has kept back or seen to its end`() throws {
        var queue = DeliveryQueue()
        queue.restore(try delivery(1, "a"))
        _ = queue.add(event(1, "a"), isDone: false)
        _ = queue.add(event(2, "b"), isDone: true)
        let sent = [queue.next(at: 0), queue.next(at: 0)]
        #expect(sent.map { $0?.event.seconds } == [1, nil])
        #expect(queue.positions.values.map(\.seconds) == [2])
    }

    private func event(_ number: Int, _ entity: String) -> RecordedEvent {
        RecordedEvent(
            id: EventID(seconds: UInt64(number), microseconds: 0), stream: StreamKey("order", .created),
            name: ByteBuffer(), entity: ByteBuffer(string: #"{"id":"\#(entity)"}"#), metadata: [])
    }
}

struct `How a webhook is doing` {
    private func key(_ name: String) -> EntityKey { EntityKey(topic: "order", id: name) }

    @Test func `is not judged by one message that is refused again and again`() {
        var health = WebhookHealth()
        for number in 0..<50 { health.failed(key("a"), at: Int64(number), pause: .seconds(5)) }
        #expect(!health.isDown && health.limit(at: 50, of: 4) == 4 && health.failingSince == 0)
    }

    @Test
    func `is down where many fail, is then tried with one at a time, ever more seldom, and comes back at once`() {
        var health = WebhookHealth()
        for name in ["a", "b", "c", "d", "e"] { health.failed(key(name), at: 0, pause: .seconds(5)) }
        #expect(health.isDown && health.limit(at: 4_999, of: 4) == 0 && health.limit(at: 5_000, of: 4) == 1)
        health.failed(key("a"), at: 5_000, pause: .seconds(5))
        #expect(health.limit(at: 14_999, of: 4) == 0 && health.limit(at: 15_000, of: 4) == 1)
        for _ in 0..<20 { health.failed(key("a"), at: 20_000, pause: .seconds(5)) }
        #expect(health.limit(at: 20_000 + 600_000, of: 4) == 1)
        health.succeeded(at: 30_000)
        #expect(health.limit(at: 30_000, of: 4) == 4 && health.failingSince == nil)
    }

    @Test func `is remembered`() throws {
        var health = WebhookHealth()
        health.succeeded(at: 5)
        health.failed(key("a"), at: 7, pause: .seconds(5))
        health.rest(until: 90)
        let kept = WebhookHealth(health.notes.compactMapValues(\.self))
        #expect(kept.failingSince == 7 && kept.pausedUntil == 90 && kept.lastDelivered == 5)
    }
}

struct `How long a receiver asks to be left alone` {
    @Test(
        arguments: [
            ("7", 7), ("0", 0), ("-5", 0), ("999999999", 3_600), ("Sun, 06 Nov 1994 08:49:37 GMT", 37),
            ("Sun, 06 Nov 1994 08:00:00 GMT", 0), ("soon", nil), ("", nil), (nil, nil),
        ] as [(String?, Int64?)])
    func `is read in seconds or as a date, and within bounds`(text: String?, seconds: Int64?) {
        #expect(RetryAfter.seconds(text, now: 784_111_740) == seconds)
    }
}
