import Dispatch
import Synchronization

/// Modules that keep up go before those that catch up: a large batch keeps everybody else from Redis while it is read.
final class RightOfWay: Sendable {
    /// Nanoseconds of uptime.
    private let lastTaken = Atomic<UInt64>(0)
    private static let time: UInt64 = 100_000_000

    /// A module that is not behind had something to do.
    func take() { lastTaken.store(DispatchTime.now().uptimeNanoseconds, ordering: .relaxed) }

    /// Whether one had just now.
    var isTaken: Bool {
        let now = DispatchTime.now().uptimeNanoseconds
        return now < lastTaken.load(ordering: .relaxed) + Self.time
    }
}
