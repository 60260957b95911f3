import Testing
import Tracing

@testable import Traces

@Suite struct `W3C Trace Context` {
    private static let sampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    @Test func `the standard's own example is read and written as it was`() throws {
        let context = try #require(TraceContext(traceparent: Self.sampled))
        #expect("\(context.trace)" == "0af7651916cd43dd8448eb211c80319c")
        #expect("\(context.span)" == "b7ad6b7169203331")
        #expect(context.isSampled)
        #expect(context.traceparent == Self.sampled)
    }

    @Test func `ids keep the zeros that they begin with`() throws {
        let text = "00-00000000000000000000000000000001-0000000000000002-00"
        let context = try #require(TraceContext(traceparent: text))
        #expect(!context.isSampled)
        #expect(context.traceparent == text)
    }

    @Test(arguments: [
        "", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-B7AD6B7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "0-0af7651916cd43dd8448eb211c80319cc-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-011",
        " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
        sampled + ", " + sampled, "00-0af7651916cd43dd8448eb211c8031é-b7ad6b7169203331-01",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.more",
    ])
    func `a malformed traceparent counts as none`(_ text: String) {
        #expect(TraceContext(traceparent: text) == nil)
    }

    @Test func `of a version to come what is known is read`() throws {
        let trace = "0af7651916cd43dd8448eb211c80319c"
        let context = try #require(TraceContext(traceparent: "cc-\(trace)-b7ad6b7169203331-03-more"))
        #expect(context.traceparent == "00-\(trace)-b7ad6b7169203331-01")
        #expect(TraceContext(traceparent: "cc-\(trace)-b7ad6b7169203331-01") != nil)
    }

    @Test func `a tracestate is handed on as it came, unless it could break a header`() {
        func state(_ text: String) -> String? { TraceContext(traceparent: Self.sampled, tracestate: text)?.state }
        #expect(state("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE") == "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE")
        #expect(state("a=b\r\nX-Evil: 1") == nil)
        #expect(state("") == nil)
        #expect(state(String(repeating: "a", count: 513)) == nil)
    }
}

@Suite struct `Which requests are traced` {
    private let sampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    private let unsampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"

    @Test func `whoever calls decides for himself`() throws {
        let context = try #require(Sampler(rate: 0).context(traceparent: sampled))
        #expect(context.trace?.traceparent == sampled)
        #expect(Sampler(rate: 1).context(traceparent: unsampled) == nil)
    }

    @Test func `without a trace the rate decides`() {
        #expect(Sampler(rate: 0).context(traceparent: nil) == nil)
        let all = Sampler(rate: 1)
        #expect((0..<1_000).allSatisfy { _ in all.context(traceparent: nil) != nil })
        let half = Sampler(rate: 0.5)
        #expect((300...700).contains((0..<1_000).count { _ in half.context(traceparent: nil) != nil }))
    }

    @Test func `a malformed traceparent is none, and begins a trace of its own`() throws {
        #expect(Sampler(rate: 0).context(traceparent: "00-nonsense") == nil)
        let context = try #require(Sampler(rate: 1).context(traceparent: "00-nonsense"))
        #expect(context.trace?.isRoot == true)
    }
}
