import EventStore
import HandlerRuntime
import Traces
import Tracing

/// The span of one try to deliver an event to a webhook.
struct DeliverySpan: Sendable {
    private let span: any Span

    /// nil where the event's trace is not recorded.
    init?(of event: RecordedEvent, to webhook: Webhook) {
        guard let trace = event.trace else { return nil }
        span = InstrumentationSystem.tracer.startSpan(
            "webhook \(event.stream.eventType)", context: InstrumentationContext(trace), ofKind: .client)
        span.attributes["http.request.method"] = "POST"
        span.attributes[SpanAttributeNames.event] = "\(event.id)"
        span.attributes[SpanAttributeNames.module] = "webhook"
        span.attributes["ordershop.webhook"] = webhook.id.text
    }

    /// By which the receiver goes on with the trace.
    var headers: [String] { span.context.trace?.fields.map { "\($0.name): \($0.value)" } ?? [] }

    func end(with attempt: Attempt) {
        switch attempt {
        case .delivered(let answer): note(answer)
        case .failed(let answer, _), .gone(let answer), .hopeless(let answer):
            note(answer)
            span.setStatus(SpanStatus(code: .error, message: answer.reason))
        case .undone: span.setStatus(SpanStatus(code: .error, message: "it was broken off"))
        }
        span.end()
    }

    private func note(_ answer: DeliveryAnswer) {
        if let status = answer.status { span.attributes["http.response.status_code"] = status }
    }
}
