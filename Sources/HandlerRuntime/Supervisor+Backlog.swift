public import EventStore
import Logging

/// From where a module that is enabled goes on.
public enum Resumption: Sendable, Hashable {
    /// At its checkpoint: it catches up.
    case atCheckpoint
    /// What has happened until now has no effects any more.
    case fromNow
    /// What happened before has no effects any more.
    case skippingEffects(before: Moment)
}

/// What is done about the events that wait, or that were handled.
extension Supervisor {
    /// Switches a module on, for every daemon of the shop.
    public func enable(_ name: String, _ resumption: Resumption) async throws(Refusal) {
        _ = try runner(name)
        try await ask { () throws(StoreError) in
            switch resumption {
            case .atCheckpoint: break
            case .fromNow: try await store.skipEffects(of: name, through: store.lastIssued())
            case .skippingEffects(let moment): try await store.skipEffects(of: name, through: moment.event)
            }
        }
        try await setEnabled(true, module: name)
    }

    /// Sends a module back to handle again what it has handled since. Wherever it runs, it goes on from there.
    /// - Parameter withEffects: whether its reactions run again; otherwise only what it keeps of its own is made anew.
    /// - Returns: where it goes on, which is no earlier than events were trimmed, and the last event that had been
    ///   handled before.
    public func replay(
        _ name: String, from moment: Moment, withEffects: Bool
    ) async throws(Refusal) -> (from: EventID, until: EventID) {
        let delivery = try runner(name).delivery
        guard !delivery.streams.isEmpty else { throw Refusal(.conflict, "the module \(name) handles no events") }
        let (from, until) = try await ask { () throws(StoreError) in
            let from = max(moment.event, try await store.retentionCut() ?? .zero)
            let until = try await store.replay(
                name, streams: delivery.streams, reacting: delivery.reacting, from: from, withEffects: withEffects)
            return (from, until)
        }
        logger.notice(
            "a module was sent back",
            metadata: ["module": "\(name)", "from": "\(from)", "effects": "\(withEffects)"])
        try runner(name).bell.ring()
        return (from, until)
    }

    /// The oldest event that waits for a module; nil: none does.
    public func oldestWaiting(for name: String) async throws(Refusal) -> EventID? {
        let streams = try runner(name).delivery.streams
        return try await ask { () throws(StoreError) in
            let checkpoint = try await store.checkpoint(of: name)
            return try await store.read(streams, after: checkpoint, count: 1).events.first?.id
        }
    }

    /// A module by itself, with all that is known.
    public func details(of name: String) async throws(Refusal) -> ModuleDetails {
        let runner = try runner(name)
        let streams = runner.delivery.streams
        return try await ask { () throws(StoreError) in
            let checkpoint = try await store.checkpoint(of: name)
            let lag = try await store.fullLag(of: streams, behind: checkpoint)
            let next = try await store.read(streams, after: checkpoint, count: 1).events.first
            return ModuleDetails(
                status: await status(of: runner), standing: try await store.standing(of: name),
                lease: await runner.currentLease,
                streams: streams.map { ($0, checkpoint[$0], lag.counts[$0] ?? 0) }, isCounted: lag.isComplete,
                oldest: next?.id, periodicWork: runner.module.periodicWork)
        }
    }
}

public struct ModuleDetails: Sendable {
    public let status: ModuleStatus
    public let standing: DeliveryStanding
    public let lease: Lease?
    /// Each with the last event that was handled, and how many wait behind it.
    public let streams: [(stream: StreamKey, checkpoint: EventID?, waiting: Int)]
    /// Whether all that wait were counted; otherwise there are at least so many.
    public let isCounted: Bool
    /// The oldest event that waits.
    public let oldest: EventID?
    /// What it does from time to time.
    public let periodicWork: [PeriodicWork]
}
