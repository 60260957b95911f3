import EventStore
import Glibc
import Traces
import Tracing

/// The event that a reaction runs for, and for the how manyth time.
struct EventInDelivery: Sendable {
    let module: String
    let event: EventID
    /// What joins all that came of one command.
    let correlation: String
    /// Whether its reactions may have run before.
    let isRepeat: Bool
    /// 1 for the first try.
    var attempt = 1
    /// nil in a preview: nothing of it will be done.
    var progress: ModuleProgress?
    /// The span of its delivery; nil: it is not traced.
    var trace: InstrumentationContext?

    var isPreview: Bool { progress == nil }

    /// What stands in the events that come of it: only what does not follow from the rest.
    var metadata: [(name: String, value: String)] {
        let cause = event.description
        let known =
            [("cause", cause), ("module", module)]
            + (correlation == cause ? [] : [("correlation", correlation)])
        guard let trace = trace?.trace else { return known }
        return known + trace.fields
    }
}

/// Something that is about to be done outside Redis.
public struct OutsideEffect: Sendable {
    /// The same each time that it is tried: a receiver can tell a repeat by it. A UUID.
    public let id: String
    /// Whether it may have been done before, by a try that did not come to its end.
    public let isRepeat: Bool
    /// The how manyth try of this event it is, as far as tries are counted: 1 for the first.
    public let attempt: Int
}

/// A reaction throws this where not the event but the world outside is in the way: a disk that is full, a mail server
/// that does not answer. The module waits, and the event is tried again for as long as it takes, and never parked.
public struct TryLater: Error, Sendable, CustomStringConvertible {
    public let description: String
    /// nil: the longer, the more often it failed.
    let pause: Duration?

    public init(_ reason: String, after pause: Duration? = nil) {
        description = reason
        self.pause = pause
    }
}

/// A reaction throws this where the world outside is in the way of this one entity: a recipient whose server wants to be
/// asked again. Its events wait, in their order, and all others go on. It may be thrown any number of times.
public struct Postponed: Error, Sendable, CustomStringConvertible {
    public let description: String
    let pause: Duration

    public init(_ reason: String, for pause: Duration) {
        description = reason
        self.pause = pause
    }

    /// When to try again, in unix milliseconds.
    var due: Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000 + Int64(pause / .milliseconds(1))
    }
}

/// A reaction throws this where trying again is of no use: the event is parked at once, with this reason.
public struct Hopeless: Error, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ reason: String) { description = reason }
}

/// How often an event is tried before it is parked, and how long the pauses are.
public struct RetryPolicy: Sendable, Equatable {
    /// Tries until an event is parked.
    public var tries: Int
    /// The pause behind the first failure; it doubles with every further one.
    public var firstPause: Duration
    public var longestPause: Duration

    public init(
        tries: Int = 5, firstPause: Duration = .milliseconds(100), longestPause: Duration = .seconds(30)
    ) {
        self.tries = tries
        self.firstPause = firstPause
        self.longestPause = longestPause
    }
}

/// Exponential pauses with jitter, so that what failed together does not come back together.
struct BackOff: Sendable {
    private var failures = 0

    mutating func next(_ policy: RetryPolicy) -> Duration {
        let ceiling = min(policy.firstPause * (1 << min(failures, 20)), policy.longestPause)
        failures += 1
        return ceiling * Double.random(in: 0.5...1)
    }

    mutating func reset() { failures = 0 }
}

/// Whether an error says that the world is not ready, rather than that the event cannot be handled.
func isTransient(_ error: any Error) -> Bool {
    switch error {
    case is TryLater, is CancellationError: true
    case let error as StoreError:
        switch error.code {
        case .unavailable, .building, .outcomeUnknown, .cancelled: true
        case .unexpectedReply, .foreignKey: false
        }
    case let refusal as Refusal:
        switch refusal.code {
        case .moduleDisabled, .unavailable, .outcomeUnknown: true
        case .malformed, .invalid, .notFound, .conflict, .trimmed, .tooLarge, .unknownMethod, .forbidden,
            .revisionMismatch, .keyReused, .internalError:
            false
        }
    default: false
    }
}
