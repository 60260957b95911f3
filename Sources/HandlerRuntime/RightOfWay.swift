import Dispatch
import Synchronization

/// Who goes first, where the daemon has more to do than it can: somebody waits for the answer to a command or a query,
/// and for what comes of events nobody does. And modules that keep up go before those that catch up: a large batch keeps
/// everybody else from Redis while it is read.
final class RightOfWay: Sendable {
    enum Holder { case module, command }

    /// For so long somebody has it who has taken it: nanoseconds.
    private static let time: UInt64 = 100_000_000
    /// A module that is behind rests longer than it worked the more callers wait, but goes on, whatever comes.
    private static let callersPerRest = 2
    private static let mostRests = 9
    private static let longestRest = Duration.milliseconds(250)

    /// Nanoseconds of uptime.
    private let lastModule = Atomic<UInt64>(0)
    private let lastCommand = Atomic<UInt64>(0)
    /// Whose commands and queries are under way.
    private let callers = Atomic(0)

    /// Somebody had something to do whom large batches hold up: a module that is not behind, or a query.
    func takeForModule() { lastModule.store(Self.now, ordering: .relaxed) }

    /// Runs a command.
    func withCommand<Value>(_ body: () async throws(Refusal) -> Value) async throws(Refusal) -> Value {
        callers.add(1, ordering: .relaxed)
        defer {
            lastCommand.store(Self.now, ordering: .relaxed)
            callers.subtract(1, ordering: .relaxed)
        }
        return try await body()
    }

    /// Runs a query. One now and then, as of somebody who watches a backlog, does not make the batches small.
    func withQuery<Value>(_ body: () async throws(Refusal) -> Value) async throws(Refusal) -> Value {
        callers.add(1, ordering: .relaxed)
        defer {
            takeForModule()
            callers.subtract(1, ordering: .relaxed)
        }
        return try await body()
    }

    /// Who had something to do just now, and goes before a module that is behind.
    var holder: Holder? {
        let now = Self.now
        if now < lastCommand.load(ordering: .relaxed) + Self.time { return .command }
        return now < lastModule.load(ordering: .relaxed) + Self.time ? .module : nil
    }

    /// For how long a module that is behind is to rest.
    /// - Parameter time: what its last batch took.
    func rest(after time: Duration) -> Duration? {
        let rests = min(callers.load(ordering: .relaxed) / Self.callersPerRest, Self.mostRests)
        return rests > 0 ? min(time * rests, Self.longestRest) : nil
    }

    private static var now: UInt64 { DispatchTime.now().uptimeNanoseconds }
}
