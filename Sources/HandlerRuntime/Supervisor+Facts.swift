public import EventStore

/// What others may want to know.
extension Supervisor {
    /// The daemon's name among those of the shop.
    public var name: String { owner }

    /// The streams that a module handles.
    public func streams(of name: String) throws(Refusal) -> [StreamKey] { try runner(name).delivery.streams }

    /// Whether the module is switched off, for all daemons of the shop.
    public func isDisabled(_ name: String) -> Bool { gates.closure(of: name) == .disabled }
}
