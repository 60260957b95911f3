import Synchronization
public import Tracing

/// The tracer of swift-distributed-tracing that this program brings: it keeps the spans that ended last, and hands
/// each on to whoever exports them.
///
/// A span is recorded where its context says that the trace is; another costs no memory.
public final class SpanRecorder: Tracer {
    private let ring: SpanRing
    private let receiver = Mutex<(@Sendable (RecordedSpan) -> Void)?>(nil)

    /// - Parameter keep: how many spans are kept.
    public init(keep: Int) { ring = SpanRing(capacity: keep) }

    public func keep(_ count: Int) { ring.resize(to: count) }

    /// - Parameter receiver: is told of each span that has ended, where it ended, and so must take no time over it.
    public func send(to receiver: (@Sendable (RecordedSpan) -> Void)?) {
        self.receiver.withLock { $0 = receiver }
    }

    /// Those of some traces that are kept still, in the order in which they began.
    public func spans(of traces: Set<TraceID>) -> [RecordedSpan] {
        if traces.isEmpty { return [] }
        return ring.spans { traces.contains($0.context.trace) }.sorted { $0.start < $1.start }
    }

    /// The traces of which a span that is kept has this value.
    public func traces(where attribute: String, is value: String) -> Set<TraceID> {
        Set(ring.spans { $0[attribute] == value }.map(\.context.trace))
    }

    func record(_ span: RecordedSpan) {
        ring.add(span)
        receiver.withLock(\.self)?(span)
    }

    // MARK: Tracer

    public func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> InstrumentationContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> ActiveSpan {
        var context = context()
        guard let parent = context.trace, parent.isSampled else { return ActiveSpan(context, nil) }
        let own = TraceContext(trace: parent.trace, span: .random(), isSampled: true, state: parent.state)
        context.trace = own
        let span = RecordedSpan(
            name: operationName, context: own, parent: parent.isRoot ? nil : parent.span, kind: kind,
            start: instant().nanosecondsSinceEpoch)
        return ActiveSpan(context, SpanRecording(span, by: self))
    }

    /// Spans go out as they end.
    public func forceFlush() {}

    public func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout InstrumentationContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        guard let traceparent = extractor.extract(key: "traceparent", from: carrier) else { return }
        context.trace = TraceContext(
            traceparent: traceparent, tracestate: extractor.extract(key: "tracestate", from: carrier))
    }

    public func inject<Carrier, Inject: Injector>(
        _ context: InstrumentationContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        for (name, value) in context.trace?.fields ?? [] { injector.inject(value, forKey: name, into: &carrier) }
    }
}

/// A span that has not ended, or one that is not recorded.
public struct ActiveSpan: Span {
    public let context: InstrumentationContext
    private let recording: SpanRecording?

    init(_ context: InstrumentationContext, _ recording: SpanRecording?) {
        (self.context, self.recording) = (context, recording)
    }

    public var isRecording: Bool { recording?.isOpen ?? false }

    public var operationName: String {
        get { recording?.read(\.name) ?? "" }
        nonmutating set { recording?.change { $0.name = newValue } }
    }

    public var attributes: SpanAttributes {
        get { recording?.read(\.attributes) ?? [:] }
        nonmutating set { recording?.change { $0.attributes = newValue } }
    }

    public func setStatus(_ status: SpanStatus) { recording?.change { $0.status = status } }
    public func addEvent(_ event: SpanEvent) { recording?.change { $0.events.append(event) } }
    public func addLink(_ link: SpanLink) { recording?.change { $0.links.append(link) } }

    public func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {
        guard let recording else { return }
        var attributes = attributes
        attributes["exception.type"] = "\(type(of: error))"
        attributes["exception.message"] = "\(error)"
        let event = SpanEvent(name: "exception", at: instant(), attributes: attributes)
        recording.change { $0.events.append(event) }
    }

    public func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        recording?.end(at: instant().nanosecondsSinceEpoch)
    }
}

/// Where what is known of a span gathers until it ends.
final class SpanRecording: Sendable {
    private let span: Mutex<RecordedSpan>
    private let hasEnded = Atomic(false)
    private let recorder: SpanRecorder

    init(_ span: RecordedSpan, by recorder: SpanRecorder) {
        self.span = Mutex(span)
        self.recorder = recorder
    }

    var isOpen: Bool { !hasEnded.load(ordering: .acquiring) }

    func read<Value>(_ part: (RecordedSpan) -> Value) -> Value { span.withLock { part($0) } }

    /// What is said of a span that has ended is said to nobody.
    func change(_ change: (inout RecordedSpan) -> Void) {
        if isOpen { span.withLock { change(&$0) } }
    }

    /// The first end counts.
    func end(at nanoseconds: UInt64) {
        guard !hasEnded.exchange(true, ordering: .acquiringAndReleasing) else { return }
        recorder.record(
            span.withLock { span in
                // A clock that was set back makes no span that ends before it began.
                span.end = max(span.start, nanoseconds)
                return span
            })
    }
}
