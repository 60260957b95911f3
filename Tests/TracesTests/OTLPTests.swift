import JSON
import Testing
import Tracing

@testable import Traces

@Suite struct `Spans for OpenTelemetry collectors` {
    private let format = OTLP(resource: [("service.name", "ordershopd")], version: "1.2")

    private func encoded(_ spans: [RecordedSpan]) throws -> JSONValue {
        try JSONValue(parsing: format.request(spans))
    }

    private func span(_ kind: SpanKind = .internal) throws -> RecordedSpan {
        let context = try #require(
            TraceContext(
                traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tracestate: "a=b"))
        var span = RecordedSpan(
            name: "order.create", context: context, parent: SpanID("00f067aa0ba902b7"), kind: kind, start: 1_000)
        span.end = 2_500
        return span
    }

    @Test func `one resource has one scope, which has the spans`() throws {
        let request = try encoded([span(), span()])
        let resources = try #require(request["resourceSpans"]?.array)
        #expect(resources.count == 1)
        #expect(
            resources[0]["resource"]?["attributes"]
                == [["key": "service.name", "value": ["stringValue": "ordershopd"]]])
        let scopes = try #require(resources[0]["scopeSpans"]?.array)
        #expect(scopes.count == 1)
        #expect(scopes[0]["scope"] == ["name": "ordershop", "version": "1.2"])
        #expect(scopes[0]["spans"]?.array?.count == 2)
    }

    private func first(_ span: RecordedSpan) throws -> JSONValue {
        let spans = try encoded([span])["resourceSpans"]?.array?[0]["scopeSpans"]?.array?[0]["spans"]?.array
        return try #require(spans?.first)
    }

    @Test func `ids are in hexadecimal, and times are strings of nanoseconds`() throws {
        let json = try first(span())
        #expect(json["traceId"] == "0af7651916cd43dd8448eb211c80319c")
        #expect(json["spanId"] == "b7ad6b7169203331")
        #expect(json["parentSpanId"] == "00f067aa0ba902b7")
        #expect(json["traceState"] == "a=b")
        #expect(json["startTimeUnixNano"] == "1000")
        #expect(json["endTimeUnixNano"] == "2500")
        #expect(json["status"] == nil)
    }

    @Test(
        arguments: [
            (.internal, 1), (.server, 2), (.client, 3), (.producer, 4), (.consumer, 5),
        ] as [(SpanKind, Int64)])
    func `kinds have their numbers`(_ kind: SpanKind, _ number: Int64) throws {
        #expect(try first(span(kind))["kind"]?.number?.int64 == number)
    }

    @Test func `attributes keep their types`() throws {
        var span = try span()
        span.attributes["bool"] = true
        span.attributes["double"] = 0.5
        span.attributes["endless"] = Double.infinity
        span.attributes["int"] = Int64.max
        span.attributes["list"] = ["a", "b"].toSpanAttribute()
        span.attributes["string"] = "a \"quoted\" word"
        #expect(
            try first(span)["attributes"] == [
                ["key": "bool", "value": ["boolValue": true]],
                ["key": "double", "value": ["doubleValue": .number(JSONNumber(unscaled: 5, fractionDigits: 1))]],
                ["key": "endless", "value": ["stringValue": "inf"]],
                ["key": "int", "value": ["intValue": "9223372036854775807"]],
                [
                    "key": "list",
                    "value": ["arrayValue": ["values": [["stringValue": "a"], ["stringValue": "b"]]]],
                ],
                ["key": "string", "value": ["stringValue": "a \"quoted\" word"]],
            ])
    }

    @Test func `failures, events and links are told`() throws {
        var span = try span()
        span.status = SpanStatus(code: .error, message: "out of stock")
        span.events = [SpanEvent(name: "conflict", attributes: ["tries": 2])]
        span.links = [SpanLink(context: InstrumentationContext(span.context), attributes: [:])]
        let json = try first(span)
        #expect(json["status"] == ["code": 2, "message": "out of stock"])
        #expect(json["events"]?.array?.first?["name"] == "conflict")
        #expect(json["events"]?.array?.first?["attributes"] == [["key": "tries", "value": ["intValue": "2"]]])
        #expect(json["links"]?.array?.first?["spanId"] == "b7ad6b7169203331")
    }

    @Test func `a collector says how many it did not take`() {
        #expect(OTLP.rejected(in: Array("{}".utf8)) == 0)
        #expect(OTLP.rejected(in: Array(#"{"partialSuccess":{}}"#.utf8)) == 0)
        #expect(OTLP.rejected(in: Array(#"{"partialSuccess":{"rejectedSpans":"3"}}"#.utf8)) == 3)
        #expect(OTLP.rejected(in: Array(#"{"partialSuccess":{"rejectedSpans":4}}"#.utf8)) == 4)
        #expect(OTLP.rejected(in: Array("thanks".utf8)) == 0)
    }
}
