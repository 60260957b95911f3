import EventStore
import JSON
import NIOCore
import Testing
import Tracing

@testable import OrderShopDaemon
@testable import Traces

@Suite struct `The story of an order` {
    private let traceID = "0af7651916cd43dd8448eb211c80319c"

    private func event(
        _ microseconds: UInt64, _ stream: StreamKey, _ entity: String, _ metadata: [(String, String)] = []
    ) -> RecordedEvent {
        let fields = [("event_id", "e"), ("entity", #"{"id":"\#(entity)"}"#)] + metadata
        return StoredEvent(
            id: id(microseconds), stream: stream,
            fields: fields.map { .init(name: ByteBuffer(string: $0.0), value: ByteBuffer(string: $0.1)) }
        ).recorded
    }

    private func id(_ microseconds: UInt64) -> EventID {
        EventID(seconds: 1_700_000_000, microseconds: microseconds)
    }

    private func span(
        _ name: String, _ id: String, below parent: String? = nil, at microseconds: UInt64, for duration: UInt64,
        kind: SpanKind = .internal, message: EventID? = nil
    ) throws -> RecordedSpan {
        let context = TraceContext(
            trace: try #require(TraceID(traceID)), span: try #require(SpanID(id)), isSampled: true)
        let start = (1_700_000_000_000_000 + microseconds) * 1_000
        var span = RecordedSpan(
            name: name, context: context, parent: parent.flatMap { SpanID($0) }, kind: kind, start: start)
        span.end = start + duration * 1_000
        if let message { span.attributes["messaging.message.id"] = "\(message)" }
        return span
    }

    private func story(_ events: [RecordedEvent], _ spans: [RecordedSpan] = []) -> Story {
        Story(subject: "order:1", events: events, spans: spans, isWhole: true)
    }

    /// Names with how deep they stand.
    private func outline(_ steps: [Story.Step], _ depth: Int = 0) -> [String] {
        steps.flatMap { [String(repeating: " ", count: depth) + $0.name] + outline($0.steps, depth + 1) }
    }

    private var untraced: [RecordedEvent] {
        [
            event(100, StreamKey("inventory", "updated"), "7", [("correlation", "visit")]),
            event(101, StreamKey("order", "created"), "1", [("correlation", "visit")]),
            event(
                300, StreamKey("mail", "requested"), "2",
                [("cause", "\(id(101))"), ("module", "crm"), ("correlation", "visit")]),
            event(
                900, StreamKey("mail", "sent"), "2",
                [("cause", "\(id(300))"), ("module", "mail"), ("correlation", "visit")]),
        ]
    }

    @Test func `needs no spans: each event stands below its cause, and the first below its request`() {
        #expect(
            outline(story(untraced).steps) == [
                "request visit", " inventory updated", " order created", "  mail requested", "   mail sent",
            ])
    }

    @Test func `tells how long behind the request each step was`() throws {
        let json = story(untraced).json
        let request = try #require(json["steps"]?.array?.first)
        #expect(request["by"] == ["request": "visit"])
        #expect(request["duration_us"] == nil)
        let order = try #require(request["steps"]?.array?.last)
        #expect(order["offset_us"] == 1)
        #expect(order["time"] == "2023-11-14T22:13:20.000101Z")
        #expect(order["entity"] == "order:1")
        let mail = try #require(order["steps"]?.array?.first)
        #expect(mail["offset_us"] == 200)
        #expect(mail["by"] == ["module": "crm"])
    }

    @Test func `begins anew with each request, in the order of time`() {
        let billed = event(5_000, StreamKey("order", "billed"), "1", [("correlation", "till"), ("uid", "0")])
        #expect(
            outline(story(untraced + [billed]).steps).filter { !$0.hasPrefix(" ") } == [
                "request visit", "request till",
            ])
    }

    @Test func `of another program's event begins with the event itself`() {
        let foreign = event(1, StreamKey("order", "created"), "1")
        let mail = event(2, StreamKey("mail", "requested"), "2", [("cause", "\(id(1))"), ("module", "crm")])
        #expect(outline(story([foreign, mail]).steps) == ["order created", " mail requested"])
    }

    @Test func `names the request where the cause has been trimmed`() {
        #expect(outline(story([untraced[3]]).steps) == ["request visit", " mail sent"])
    }

    @Test func `has the spans where they belong, with how long they took`() throws {
        func traceparent(_ span: String) -> (String, String) { ("traceparent", "00-\(traceID)-\(span)-01") }
        let (request, command, delivery) = ("00000000000000a1", "00000000000000a2", "00000000000000a3")
        let events = [
            event(101, StreamKey("order", "created"), "1", [("correlation", "visit"), traceparent(command)]),
            event(
                300, StreamKey("mail", "requested"), "2",
                [("cause", "\(id(101))"), ("module", "crm"), ("correlation", "visit"), traceparent(delivery)]),
        ]
        let spans = [
            try span("POST /order", request, below: "b7ad6b7169203331", at: 0, for: 250, kind: .server),
            try span("order.create", command, below: request, at: 10, for: 200),
            try span(
                "append", "00000000000000a4", below: command, at: 50, for: 60, kind: .producer, message: id(101)),
            try span(
                "crm order.created", delivery, below: command, at: 200, for: 90, kind: .consumer, message: id(101)),
            try span("commit", "00000000000000a5", below: delivery, at: 250, for: 40),
        ]
        let story = story(events, spans)
        #expect(
            outline(story.steps) == [
                "POST /order", " order.create", "  append", "  order created", "   crm order.created", "    commit",
                "    mail requested",
            ])
        #expect(story.steps[0].duration == 250)
        #expect(story.json["traces"] == [.string(traceID)])
    }

    @Test func `is not lost where most of its spans are forgotten`() throws {
        let parent = ("traceparent", "00-\(traceID)-00000000000000a2-01")
        let order = event(101, StreamKey("order", "created"), "1", [("correlation", "visit"), parent])
        let commit = try span("commit", "00000000000000a5", below: "00000000000000a3", at: 250, for: 40)
        #expect(outline(story([order], [commit]).steps) == ["request visit", " order created", "commit"])
    }
}

@Suite struct `What a search for a story has looked at` {
    private func event(_ seconds: UInt64, _ correlation: String) -> RecordedEvent {
        StoredEvent(
            id: EventID(seconds: seconds, microseconds: 0), stream: StreamKey("order", "created"),
            fields: [.init(name: ByteBuffer(string: "correlation"), value: ByteBuffer(string: correlation))]
        ).recorded
    }

    @Test func `each known event's surroundings are looked at, and no place twice`() throws {
        var finding = StoryFinding()
        finding.add([event(1_000, "a"), event(1_010, "a"), event(2_000, "a")])
        let first = try #require(finding.unexamined(within: .seconds(30)))
        #expect(first.lowerBound < EventID(seconds: 1_000, microseconds: 0))
        #expect(first.upperBound == EventID(seconds: 1_030, microseconds: 0))
        finding.note(examined: first)
        let second = try #require(finding.unexamined(within: .seconds(30)))
        #expect(second.lowerBound == EventID(seconds: 1_030, microseconds: 1))
        #expect(second.upperBound == EventID(seconds: 1_040, microseconds: 0))
        finding.note(examined: second)
        let third = try #require(finding.unexamined(within: .seconds(30)))
        #expect(third.contains(EventID(seconds: 2_000, microseconds: 0)))
        finding.note(examined: third)
        #expect(finding.unexamined(within: .seconds(30)) == nil)
    }

    @Test func `takes what has the same correlation, once`() {
        var finding = StoryFinding()
        finding.add([event(1, "a")])
        #expect(finding.takes(event(2, "a")))
        #expect(!finding.takes(event(1, "a")))
        #expect(!finding.takes(event(2, "b")))
    }

    @Test func `a story has an end`() {
        var finding = StoryFinding()
        finding.add((1...UInt64(StoryLimits.events + 1)).map { event($0, "a") })
        #expect(finding.events.count == StoryLimits.events)
        #expect(!finding.isWhole)
    }
}

@Suite struct `Spans that wait for a collector` {
    private func span(_ number: Int) -> RecordedSpan {
        let context = TraceContext(trace: .random(), span: .random(), isSampled: true)
        return RecordedSpan(name: "\(number)", context: context, parent: nil, kind: .internal, start: 0)
    }

    @Test func `go in batches, in order, and those beyond the room are counted`() {
        let queue = SpanQueue()
        for number in 1...(SpanQueue.room + 3) { queue.add(span(number)) }
        let first = queue.take()
        #expect(first.spans.map(\.name) == (1...SpanQueue.batch).map(String.init))
        #expect(first.dropped == 3)
        #expect(queue.take().dropped == 0)
    }
}
