public import EventStore
public import Traces
public import Tracing

// Spans are begun where a trace is recorded, and only there: without one nothing is allocated and no task-local is set.
// Contexts are handed on by hand, as one task's step in Redis may be taken for many.

extension Origin {
    /// The same, for what a span is about: the events that come of it name the span.
    func traced(by span: any Span) -> Origin {
        guard span.isRecording, let context = span.context.trace else { return self }
        return Origin(metadata + context.fields, trace: span.context)
    }
}

extension RecordedEvent {
    /// The span that appended it, where its trace is recorded.
    public var trace: TraceContext? {
        metadata("traceparent").flatMap { TraceContext(traceparent: $0, tracestate: metadata("tracestate")) }
            .flatMap { $0.isSampled ? $0 : nil }
    }
}

extension StreamKey {
    /// As in `order.created`.
    var eventName: String { "\(topic).\(action)" }
}

extension Span {
    /// Notes why it does not succeed.
    public func fail(_ error: any Error) {
        recordError(error)
        setStatus(SpanStatus(code: .error, message: "\(error)"))
    }
}

// MARK: - Commands

extension Dispatcher {
    /// Records a span of a command.
    func trace<Result>(
        _ method: String, by origin: Origin, in context: InstrumentationContext,
        _ body: (Origin) async throws(Refusal) -> Result
    ) async throws(Refusal) -> Result {
        // Callers can make up any number of methods, and names are to be few.
        let known = registry.commands[method]
        let span = InstrumentationSystem.tracer.startSpan(known?.definition.method ?? "unknown", context: context)
        defer { span.end() }
        if let module = known?.module { span.attributes[SpanAttributeNames.module] = module }
        if let correlation = origin.metadata.first(where: { $0.name == "correlation" })?.value {
            span.attributes[SpanAttributeNames.correlation] = correlation
        }
        do { return try await body(origin.traced(by: span)) } catch {
            span.attributes["error.type"] = error.code.name
            span.setStatus(SpanStatus(code: .error, message: error.message))
            throw error
        }
    }

    /// Runs the step of a command, or of several, and records a span of it for each that is traced.
    func append(
        _ transaction: Transaction, by origins: some Collection<Origin>
    ) async throws(StoreError) -> TransactionOutcome {
        let spans = origins.compactMap(\.trace).map { span(of: transaction, in: $0) }
        if spans.isEmpty { return try await store.transact(transaction) }
        defer { for span in spans { span.end() } }
        do throws(StoreError) {
            let outcome = try await store.transact(transaction)
            for span in spans { span.note(outcome) }
            return outcome
        } catch {
            for span in spans { span.fail(error) }
            throw error
        }
    }

    private func span(of transaction: Transaction, in context: InstrumentationContext) -> any Span {
        let span = InstrumentationSystem.tracer.startSpan("append", context: context, ofKind: .producer)
        span.attributes["messaging.system"] = "redis"
        span.attributes["messaging.operation.name"] = "append"
        span.attributes["messaging.operation.type"] = "send"
        span.attributes["messaging.batch.message_count"] = transaction.events.count
        let streams = Set(transaction.events.map { "\($0.stream)" }).sorted()
        span.attributes["messaging.destination.name"] = streams.joined(separator: ",")
        return span
    }
}

extension Span {
    /// What became of a step in Redis. A conflict is no failure: it is decided again.
    fileprivate func note(_ outcome: TransactionOutcome) {
        switch outcome {
        case .committed(let ids):
            if ids.count == 1 { attributes[SpanAttributeNames.event] = "\(ids[0])" }
        case .conflict: addEvent(SpanEvent(name: "conflict"))
        }
    }
}

// MARK: - Deliveries

/// The span of one event's delivery to one module, from its reactions to their commit.
struct DeliverySpan: Sendable {
    private let span: any Span

    /// nil where the event's trace is not recorded.
    init?(of event: RecordedEvent, to module: String, attempt: Int) {
        guard let trace = event.trace else { return nil }
        span = InstrumentationSystem.tracer.startSpan(
            "\(module) \(event.stream.eventName)", context: InstrumentationContext(trace), ofKind: .consumer)
        span.attributes["messaging.system"] = "redis"
        span.attributes["messaging.operation.name"] = "deliver"
        span.attributes["messaging.operation.type"] = "process"
        span.attributes["messaging.destination.name"] = "\(event.stream)"
        span.attributes["messaging.consumer.group.name"] = module
        span.attributes[SpanAttributeNames.event] = "\(event.id)"
        span.attributes[SpanAttributeNames.module] = module
        if attempt > 1 { span.attributes["ordershop.attempt"] = attempt }
    }

    var context: InstrumentationContext { span.context }

    /// Its reactions did not succeed, or it is set aside.
    func end(failing error: any Error) {
        span.fail(error)
        span.end()
    }

    /// What came of it was committed, or not, in a step with others.
    func end(
        committing outcome: Result<EventDelivery.Outcome, StoreError>, since start: DefaultTracerClock.Timestamp
    ) {
        let commit = InstrumentationSystem.tracer.startSpan("commit", context: span.context, at: start)
        switch outcome {
        case .success(.committed(let progress)):
            commit.attributes["messaging.batch.message_count"] = progress.events
        case .success(.superseded), .success(.overtaken), .success(.fenced):
            commit.addEvent(SpanEvent(name: "conflict"))
        case .failure(let error):
            commit.fail(error)
            span.setStatus(SpanStatus(code: .error, message: "\(error)"))
        }
        commit.end()
        span.end()
    }
}
