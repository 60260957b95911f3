/// The right to handle a module's events: one daemon has it at a time.
public struct Lease: Sendable, Hashable, CustomStringConvertible {
    /// The daemon's name.
    public let owner: String
    /// How often the module's lease has changed hands: what was begun under an older one cannot be committed.
    public let epoch: UInt64

    public init(owner: String, epoch: UInt64) {
        self.owner = owner
        self.epoch = epoch
    }

    /// Reads the form in which it stands in Redis.
    init?(_ text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let epoch = UInt64(parts[1]) else { return nil }
        self.init(owner: String(parts[0]), epoch: epoch)
    }

    public var description: String { "\(owner) \(epoch)" }
}

/// What the store says of one module at a heartbeat.
public struct ModuleStanding: Sendable, Equatable {
    public let isEnabled: Bool
    /// Who handles the module's events; nil when nobody does.
    public let lease: Lease?
}
