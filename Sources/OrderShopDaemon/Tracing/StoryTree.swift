import EventStore
import HandlerRuntime
import JSON
import Traces
import Tracing

/// Puts events and spans below what caused them.
struct StoryTree {
    private enum Key: Hashable {
        case event(EventID)
        case span(SpanID)
        /// Of a command of which no span is known.
        case request(String)
    }

    private var all: [Key: Story.Step] = [:]
    private var children: [Key: [Key]] = [:]
    private var roots: [Key] = []

    init(_ story: Story) {
        let events = Set(story.events.map(\.id))
        let spans = Set(story.spans.map(\.context.span))
        for span in story.spans {
            let key = Key.span(span.context.span)
            all[key] = Story.Step(span)
            put(key, below: Self.parent(of: span, among: events, spans))
        }
        for event in story.events {
            let parent = Self.parent(of: event, among: events, spans)
            if case .request(let name) = parent, all[.request(name)] == nil {
                all[.request(name)] = Story.Step(request: name, event)
                put(.request(name), below: nil)
            }
            let key = Key.event(event.id)
            all[key] = Story.Step(event)
            put(key, below: parent)
        }
    }

    private mutating func put(_ key: Key, below parent: Key?) {
        if let parent { children[parent, default: []].append(key) } else { roots.append(key) }
    }

    var steps: [Story.Step] { inOrder(roots) }

    private func inOrder(_ keys: [Key]) -> [Story.Step] {
        keys.compactMap { key in
            guard var step = all[key] else { return nil }
            step.steps = inOrder(children[key] ?? [])
            return step
        }
        .enumerated().sorted { ($0.element.start, $0.offset) < ($1.element.start, $1.offset) }.map(\.element)
    }

    // MARK: What is below what

    /// The span that appended it; else the event that it came of; else the command.
    private static func parent(
        of event: RecordedEvent, among events: Set<EventID>, _ spans: Set<SpanID>
    ) -> Key? {
        if let span = event.trace?.span, spans.contains(span) { return .span(span) }
        if let cause = event.metadata("cause").flatMap({ EventID($0) }), cause < event.id {
            return events.contains(cause) ? .event(cause) : .request(event.correlation)
        }
        // Other programs note nothing.
        return event.metadata("correlation").map { .request($0) }
    }

    /// The event that was delivered; else the span that it is a part of, unless that is another program's.
    private static func parent(
        of span: RecordedSpan, among events: Set<EventID>, _ spans: Set<SpanID>
    ) -> Key? {
        let message = span[SpanAttributeNames.event].flatMap { EventID($0) }
        if let message, span.kind != .producer, events.contains(message) { return .event(message) }
        return span.parent.flatMap { spans.contains($0) ? .span($0) : nil }
    }
}

extension Story.Step {
    fileprivate init(_ event: RecordedEvent) {
        self.init(kind: .event, name: "\(event.stream.topic) \(event.stream.action)", start: event.id.score)
        details = [("event", .string("\(event.id)")), ("entity", .string("\(event.entityKey)"))]
        if let author = event.author { details.append(("by", author)) }
    }

    /// - Parameter event: the first that is known to have come of it.
    fileprivate init(request name: String, _ event: RecordedEvent) {
        self.init(kind: .request, name: "request \(name)", start: event.id.score)
        if event.metadata("cause") == nil, let author = event.author { details.append(("by", author)) }
    }

    fileprivate init(_ span: RecordedSpan) {
        self.init(
            kind: .span, name: span.name, start: span.start / 1_000, duration: (span.end - span.start) / 1_000)
        details.append(("span", .string("\(span.context.span)")))
        if let module = span[SpanAttributeNames.module] { details.append(("module", .string(module))) }
        if let name = span[SpanAttributeNames.correlation] { details.append(("request", .string(name))) }
        if let error = span.failure { details.append(("error", .string(error))) }
    }
}
