public import EventStore
import Synchronization

/// How far a module's work has come, for somebody who looks on from another thread, also when the module hangs.
public final class ModuleProgress: Sendable {
    /// What a module is at. Each of these ends in success or failure by a time-out of its own at the latest.
    public enum Activity: Sendable, Equatable, CustomStringConvertible {
        case starting
        case stopping
        case readingEvents
        case reacting(to: EventID)
        case committing
        /// At periodic work of this name.
        case working(String)

        public var description: String {
            switch self {
            case .starting: "starting"
            case .stopping: "stopping"
            case .readingEvents: "reading events"
            case .reacting(let event): "reacting to the event \(event)"
            case .committing: "committing"
            case .working(let name): "at its periodic work: \(name)"
            }
        }
    }

    public struct Glance: Sendable, Equatable {
        /// Counts every step: where it stands still, nothing has moved.
        public fileprivate(set) var steps: UInt64 = 0
        /// nil: idle, or in a pause behind a failure.
        public fileprivate(set) var activity: Activity?
        fileprivate var outsideEffects = 0

        /// Whether it waits for somebody who is not us and not Redis, and who may take the world's time.
        public var isOutside: Bool {
            switch activity {
            case .starting, .stopping: true
            case .readingEvents, .reacting, .committing, .working, nil: outsideEffects > 0
            }
        }
    }

    private let latest = Mutex(Glance())

    public init() {}

    public var glance: Glance { latest.withLock(\.self) }

    /// - Parameter activity: nil when there is nothing to do.
    func begin(_ activity: Activity?) {
        latest.withLock { latest in
            latest.steps &+= 1
            latest.activity = activity
        }
    }

    /// Something outside Redis is begun, or was done. A module may do several such things at the same time.
    func outside(_ change: Int) {
        latest.withLock { latest in
            latest.steps &+= 1
            latest.outsideEffects += change
        }
    }
}
