import EventStore

/// What a module does at this moment, as an operator tells it apart.
public enum ModuleState: Sendable, Equatable {
    case starting
    /// Every event was handled, or is being.
    case running
    /// There is a backlog.
    case catchingUp
    /// It was sent back, and handles again what it has handled before.
    case replaying
    /// The next event could not be handled; it will be tried again.
    case backingOff(reason: String, until: ContinuousClock.Instant)
    case disabled
    /// It does not start; it is tried again.
    case failed(reason: String)
    /// Another daemon handles the module's events. Commands are taken here all the same.
    case standby(owner: String?)
    case stopped

    public var name: String {
        switch self {
        case .starting: "starting"
        case .running: "running"
        case .catchingUp: "catching up"
        case .replaying: "replaying"
        case .backingOff: "backing off"
        case .disabled: "disabled"
        case .failed: "failed"
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
    /// Events a second, over the last seconds.
    public let rate: Double
    /// Events that wait behind the checkpoint, counted up to `Store.lagLimit` per stream; nil while Redis is away.
    public let lag: Int?
    /// Events that could not be handled, with those that wait behind them; nil while Redis is away.
    public let parked: Int?
}
