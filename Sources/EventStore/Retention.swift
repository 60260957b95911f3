extension EventID {
    /// Behind every event there can be.
    public static let latest = EventID(seconds: 9_999_999_999, microseconds: 0)
}

/// How far the streams of a shop have been trimmed.
public struct RetentionStanding: Sendable, Equatable {
    /// The last event of the shop that was trimmed. Up to it, state comes from the snapshots.
    public let cut: EventID
    /// When, in unix seconds.
    public let at: Int64
    /// The name of the archive that the last trimming wrote, and how many events are in it.
    public let archive: String
    public let events: Int
    /// The streams that may still have events up to the cut, because the trimming did not come to its end.
    public let unfinished: [StreamKey]

    public init(cut: EventID, at: Int64, archive: String, events: Int, unfinished: [StreamKey] = []) {
        self.cut = cut
        self.at = at
        self.archive = archive
        self.events = events
        self.unfinished = unfinished
    }
}

/// Who keeps events from being trimmed.
public struct RetentionHolder: Sendable, Hashable {
    public enum Reason: Sendable, Hashable {
        /// The module has not handled this stream so far; nil: not at all.
        case behind(StreamKey, checkpoint: EventID?)
        /// The module has parked events, the first of them this.
        case parked(EventID)
    }

    public let module: String
    public let reason: Reason
    /// How many events it would lose, counted up to a limit.
    public let count: Int
}

/// What became of the step in which new snapshots take the place of the old.
public enum RetentionSwitch: Sendable, Equatable {
    case done
    case held([RetentionHolder])
    /// Another program has written into this stream, up to the cut, since it was archived.
    case changed(StreamKey)
}

/// The right to trim a shop's streams: only one has it at a time. It goes when its holder stands still for longer
/// than `Store.retentionLockTime`.
public struct RetentionLock: Sendable {
    let token: String
}

/// What a stream of a shop, or a topic's snapshot, takes up.
public struct StreamSize: Sendable, Equatable {
    public let events: Int
    public let oldest: EventID?
    /// In Redis's memory, estimated by Redis.
    public let bytes: Int
}
