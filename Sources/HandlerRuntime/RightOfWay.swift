import Dispatch
import Synchronization

/// Who goes first, where the daemon has more to do than it can: somebody waits for the answer to a command, and for what
/// comes of its events nobody does. And modules that keep up go before those that catch up: a large batch keeps everybody
/// else from Redis while it is read.
final class RightOfWay: Sendable {
    enum Holder { case module, command }

    /// For so long somebody has it who has taken it: nanoseconds.
    private static let time: UInt64 = 100_000_000
    /// Of the time in which commands come, a module that is behind works a fifth, or more where its batches are long: it
    /// goes on, whatever comes.
    private static let restsPerWork = 4
    private static let longestRest = Duration.milliseconds(250)

    /// Nanoseconds of uptime.
    private let lastModule = Atomic<UInt64>(0)
    private let lastCommand = Atomic<UInt64>(0)

    /// A module that is not behind had something to do.
    func takeForModule() { lastModule.store(Self.now, ordering: .relaxed) }

    /// A command has appended something.
    func takeForCommand() { lastCommand.store(Self.now, ordering: .relaxed) }

    /// Who had something to do just now, and goes before a module that is behind.
    var holder: Holder? {
        let now = Self.now
        if now < lastCommand.load(ordering: .relaxed) + Self.time { return .command }
        return now < lastModule.load(ordering: .relaxed) + Self.time ? .module : nil
    }

    /// For how long a module that is behind is to rest.
    /// - Parameter time: what its last batch took.
    func rest(after time: Duration) -> Duration? {
        holder == .command ? min(time * Self.restsPerWork, Self.longestRest) : nil
    }

    private static var now: UInt64 { DispatchTime.now().uptimeNanoseconds }
}
