/// How far somebody outside of the shop has been told of its events, what is kept back for him, and what became of
/// the rest. It stands beside the events, and does not follow from them.
public struct Feed: Sendable {
    /// The last event of each stream that is settled: told, or kept back.
    public let positions: [StreamKey: EventID]
    /// What is known of him besides, by names that are his keeper's.
    public let notes: [String: String]
    /// What is kept back, first events first, each with its record.
    public let held: [Entry]
    /// The events whose ends are known, in the order of their ends.
    public let log: [EventID]

    /// What is known of one event.
    public struct Entry: Sendable {
        public let event: EventID
        /// A text of its keeper's.
        public let record: String
    }
}

/// What is to be noted of a feed, in one step. Later words on an event go before earlier ones.
public struct FeedChange: Sendable {
    enum Place: Sendable {
        case held(String)
        case ended(String, at: EventID)
        case forgotten
    }

    /// Where a stream is no longer listened to: nil.
    public var positions: [StreamKey: EventID?] = [:]
    /// nil: there is nothing to note any more.
    public var notes: [String: String?] = [:]
    private(set) var entries: [EventID: Place] = [:]

    public init() {}

    public var isEmpty: Bool { positions.isEmpty && notes.isEmpty && entries.isEmpty }

    public mutating func hold(_ event: EventID, _ record: String) { entries[event] = .held(record) }
    public mutating func end(_ event: EventID, _ record: String) { entries[event] = .ended(record, at: .now) }
    public mutating func forget(_ event: EventID) { entries[event] = .forgotten }

    /// The same, with what was noted behind it.
    public func merging(_ later: FeedChange) -> FeedChange {
        var merged = self
        merged.positions.merge(later.positions) { $1 }
        merged.notes.merge(later.notes) { $1 }
        merged.entries.merge(later.entries) { $1 }
        return merged
    }
}

/// What became of a change to a feed.
public enum FeedOutcome: Sendable, Equatable {
    case committed
    /// There is no such feed any more.
    case closed
    /// Another daemon keeps it by now.
    case fenced
}
