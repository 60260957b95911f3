/// Something that has to go on, as it is found at one moment.
public struct Pulse: Sendable, Equatable {
    /// What an operator calls it.
    public var name: String
    /// What it is at; nil: it has nothing to do, and may stand still.
    public var activity: String?
    /// Counts what it has done: it has to change from time to time.
    public var steps: UInt64
    /// How long it may stand still, where that is longer than for all.
    public var patience: Duration?

    public init(name: String, activity: String?, steps: UInt64, patience: Duration? = nil) {
        self.name = name
        self.activity = activity
        self.steps = steps
        self.patience = patience
    }
}

/// Tells what has stood still for too long.
///
/// It counts the time between its own looks, and of each such time no more than it was to be: whoever stopped the whole
/// process, or the machine, has stopped the judge as well, and makes nobody look stalled.
struct StallJudge: Sendable {
    struct Stall: Sendable, Equatable {
        let pulse: Pulse
        let silence: Duration
    }

    /// How long what is not more patient by itself may stand still.
    let patience: Duration
    /// How long the time between two looks is meant to be.
    let period: Duration
    private var known: [String: (steps: UInt64, silence: Duration)] = [:]

    init(patience: Duration, period: Duration) {
        self.patience = patience
        self.period = period
    }

    /// - Parameter elapsed: the time since the look before.
    mutating func judge(_ pulses: [Pulse], after elapsed: Duration) -> [Stall] {
        let counted = min(elapsed, period * 2)
        var now: [String: (steps: UInt64, silence: Duration)] = [:]
        for pulse in pulses where pulse.activity != nil {
            let before = known[pulse.name]
            let silence = before?.steps == pulse.steps ? (before?.silence ?? .zero) + counted : .zero
            now[pulse.name] = (pulse.steps, silence)
        }
        known = now
        return pulses.compactMap { pulse in
            guard let silence = now[pulse.name]?.silence, silence > max(patience, pulse.patience ?? .zero) else {
                return nil
            }
            return Stall(pulse: pulse, silence: silence)
        }
    }
}
