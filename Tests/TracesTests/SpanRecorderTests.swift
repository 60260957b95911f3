import Testing
import Tracing

@testable import Traces

@Suite struct `The spans that are kept` {
    private let recorder = SpanRecorder(keep: 3)

    private func root() -> InstrumentationContext { InstrumentationContext(.root()) }

    private func spans(of context: InstrumentationContext) -> [RecordedSpan] {
        recorder.spans(of: Set([context.trace?.trace].compactMap(\.self)))
    }

    @Test func `a child names its parent, and is of the same trace`() throws {
        let context = root()
        let parent = recorder.startSpan("parent", context: context, ofKind: .server)
        let child = recorder.startSpan("child", context: parent.context)
        child.end()
        parent.end()
        let spans = spans(of: context)
        #expect(spans.map(\.name) == ["parent", "child"])
        #expect(spans[0].parent == nil)
        #expect(spans[1].parent == spans[0].context.span)
        #expect(spans.allSatisfy { $0.context.trace == context.trace?.trace && $0.start <= $0.end })
    }

    @Test func `a span of another program is the parent of the first one here`() throws {
        let caller = try #require(
            TraceContext(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tracestate: "a=b"))
        let span = recorder.startSpan("span", context: InstrumentationContext(caller))
        span.end()
        let recorded = try #require(recorder.spans(of: [caller.trace]).first)
        #expect(recorded.parent == caller.span)
        #expect(recorded.context.state == "a=b")
    }

    @Test func `what is not sampled is not recorded, and neither is what has no trace`() throws {
        let caller = try #require(
            TraceContext(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"))
        for context in [InstrumentationContext(caller), .topLevel] {
            let span = recorder.startSpan("span", context: context)
            #expect(!span.isRecording)
            span.attributes["a"] = 1
            span.end()
        }
        #expect(recorder.spans(of: [caller.trace]).isEmpty)
    }

    @Test func `only the last ones are kept`() {
        let context = root()
        for number in 1...5 { recorder.startSpan("\(number)", context: context).end() }
        #expect(spans(of: context).map(\.name) == ["3", "4", "5"])
        recorder.keep(2)
        #expect(spans(of: context).map(\.name) == ["4", "5"])
        recorder.startSpan("6", context: context).end()
        #expect(spans(of: context).map(\.name) == ["5", "6"])
        recorder.keep(0)
        recorder.startSpan("7", context: context).end()
        #expect(spans(of: context).isEmpty)
    }

    @Test func `a span ends once, and takes nothing behind its end`() throws {
        let context = root()
        let span = recorder.startSpan("span", context: context)
        span.attributes["before"] = "yes"
        span.setStatus(SpanStatus(code: .error, message: "it broke"))
        span.end()
        span.attributes["after"] = "yes"
        span.end()
        let spans = spans(of: context)
        #expect(spans.count == 1)
        #expect(spans[0]["before"] == "yes")
        #expect(spans[0]["after"] == nil)
        #expect(spans[0].failure == "it broke")
    }

    @Test func `whoever exports is told of each`() async {
        let (names, told) = AsyncStream.makeStream(of: String.self)
        recorder.send(to: { told.yield($0.name) })
        for number in 1...5 { recorder.startSpan("\(number)", context: root()).end() }
        told.finish()
        var all: [String] = []
        for await name in names { all.append(name) }
        #expect(all == ["1", "2", "3", "4", "5"])
    }

    private struct Headers: Injector, Extractor {
        func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
        func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) {
            carrier[key] = value
        }
    }

    @Test func `libraries hand it on as they do with any tracer`() throws {
        let span = recorder.startSpan("span", context: root())
        var headers: [String: String] = [:]
        recorder.inject(span.context, into: &headers, using: Headers())
        #expect(headers == ["traceparent": try #require(span.context.trace).traceparent])
        var context = InstrumentationContext.topLevel
        recorder.extract(headers, into: &context, using: Headers())
        #expect(context.trace == span.context.trace)
    }
}
