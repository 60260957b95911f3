/// What a module does at this moment, as an operator tells it apart.
public enum ModuleState: Sendable, Equatable {
    case starting
    /// Every event was handled, or is being.
    case running
    /// There is a backlog.
    case catchingUp
    /// A reaction failed; the event will be tried again.
    case backingOff(reason: String, until: ContinuousClock.Instant)
    case disabled
    /// Another daemon handles the module's events. Commands are taken here all the same.
    case standby(owner: String?)
    case stopped

    public var name: String {
        switch self {
        case .starting: "starting"
        case .running: "running"
        case .catchingUp: "catching up"
        case .backingOff: "backing off"
        case .disabled: "disabled"
        case .standby: "standby"
        case .stopped: "stopped"
        }
    }
}

/// A module as it is listed.
public struct ModuleStatus: Sendable {
    public let name: String
    public let summary: String
    public let isEnabled: Bool
    public let state: ModuleState
    /// Events that this daemon has handled for the module since its start.
    public let handled: Int
    /// Events that wait behind the checkpoint, counted up to `Store.lagLimit` per stream; nil while Redis is away.
    public let lag: Int?
}
