/// Events of one entity, the newest first.
public struct HistoryPage: Sendable {
    public var events: [RecordedEvent]
    public var rest: Rest

    /// What there is before the events of a page.
    public enum Rest: Sendable, Hashable {
        /// Nothing: with the last of them the entity came to be, or there never was one.
        case nothing
        case more(HistoryCursor)
        /// What happened up to here has been trimmed from the streams. Archives have it, if there are any.
        case trimmed(upTo: EventID)
    }
}

/// Where to go on backwards.
public enum HistoryCursor: Sendable, Hashable, CustomStringConvertible {
    /// The next event, as the one behind it names it.
    case event(EventID, Action)
    /// No event names the one before it: those up to here have to be looked through.
    case scan(upTo: EventID)

    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let id = EventID(parts[0]) else { return nil }
        guard parts.count == 2 else {
            self = .scan(upTo: id)
            return
        }
        guard !parts[1].isEmpty, parts[1].utf8.allSatisfy({ (0x61...0x7A).contains($0) || $0 == 0x5F }) else {
            return nil
        }
        self = .event(id, Action(String(parts[1])))
    }

    public var description: String {
        switch self {
        case .event(let id, let action): "\(id).\(action)"
        case .scan(let id): id.description
        }
    }
}

/// An entity as it was at some time.
public enum PastState: Sendable {
    case existed(EntityState)
    /// It did not exist yet, or not any more.
    case absent
    /// What happened up to here has been trimmed from the streams, and the time asked for is before the events that
    /// are left.
    case trimmed(upTo: EventID)
}
