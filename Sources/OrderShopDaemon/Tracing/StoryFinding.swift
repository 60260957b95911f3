import EventStore
import HandlerRuntime
import Traces

/// What one search may cost.
enum StoryLimits {
    /// Events that a story has.
    static let events = 500
    /// Events of the entity that is asked for, and of each that takes part.
    static let history = 20
    static let entities = 50
    /// Events that are looked at.
    static let examined = 20_000
    /// How long behind an event its effects are looked for, the likely ones of all first.
    static let windows: [Duration] = [.seconds(1), .seconds(30)]
    /// What is appended in one step stands together: its events may stand a little before the one that is known.
    static let step = Duration.milliseconds(50)
    /// How many of each stream's last events are looked through for a request or a trace that nothing else names.
    static let recent = 500
    static let page = 250
}

/// What a search knows so far.
struct StoryFinding {
    /// The entity that was asked for.
    var subject: String?
    /// The traces that were asked for.
    var traces: Set<TraceID> = []
    private(set) var events: [EventID: RecordedEvent] = [:]
    private(set) var correlations: Set<String> = []
    /// The places at which all streams have been looked at.
    private var examined: [ClosedRange<EventID>] = []
    /// How many events have been looked at.
    var cost = 0
    var isWhole = true
    /// Those whose own events have been looked at.
    var entities: Set<EntityKey> = []

    /// - Returns: whether one of them is new.
    @discardableResult mutating func add(_ more: [RecordedEvent]) -> Bool {
        let before = events.count
        for event in more where events[event.id] == nil {
            guard events.count < StoryLimits.events else {
                isWhole = false
                break
            }
            events[event.id] = event
            correlations.insert(event.correlation)
        }
        return events.count > before
    }

    /// Whether it belongs to what is known, and is not known itself.
    func takes(_ event: RecordedEvent) -> Bool {
        correlations.contains(event.correlation) && events[event.id] == nil
    }

    // MARK: Surroundings

    mutating func note(examined range: ClosedRange<EventID>) { examined.append(range) }

    /// The first surroundings of known events that have not been looked at.
    func unexamined(within window: Duration) -> ClosedRange<EventID>? {
        for id in events.keys.sorted() {
            let end = id.later(by: window)
            var start = id.earlier(by: StoryLimits.step)
            while start <= end, let range = examined.first(where: { $0.contains(start) }) {
                start = range.upperBound.successor
            }
            if start <= end { return start...end }
        }
        return nil
    }
}
