import JSON
import Logging
import Synchronization

/// The last entries of the log, and those that come, for who watches.
final class LogTail: Sendable {
    static let shared = LogTail()

    private struct State {
        var last: [LogEntry] = []
        var next = 0
        var followers: [Int: Follower] = [:]
    }

    private final class Follower: Sendable {
        let entries: AsyncStream<LogEntry>.Continuation
        let missed = Atomic(0)

        init(_ entries: AsyncStream<LogEntry>.Continuation) { self.entries = entries }

        func tell(_ entry: LogEntry) {
            if case .dropped = entries.yield(entry) { missed.add(1, ordering: .relaxed) }
        }
    }

    /// What one who watches gets.
    struct Following: Sendable {
        let last: [LogEntry]
        /// Those behind the last: none is missing in between, none comes twice.
        let next: AsyncStream<LogEntry>
        /// How many entries went by untold since it was asked before, as they were not taken in time.
        let takeMissed: @Sendable () -> Int
    }

    private static let memory = 200
    /// Who is slower than this loses the oldest: the log waits for nobody.
    static let patience = 1_000
    private let state = Mutex(State())

    func note(_ entry: LogEntry) {
        let followers = state.withLock { state in
            state.last.append(entry)
            if state.last.count > Self.memory { state.last.removeFirst() }
            return state.followers.isEmpty ? [] : Array(state.followers.values)
        }
        for follower in followers { follower.tell(entry) }
    }

    func follow() -> Following {
        let (entries, continuation) = AsyncStream.makeStream(
            of: LogEntry.self, bufferingPolicy: .bufferingNewest(Self.patience))
        let follower = Follower(continuation)
        let (last, number) = state.withLock { state in
            state.next += 1
            state.followers[state.next] = follower
            return (state.last, state.next)
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.followers.removeValue(forKey: number) }
        }
        return Following(last: last, next: entries) { follower.missed.exchange(0, ordering: .relaxed) }
    }
}

extension LogEntry {
    /// As `log.watch` tells of it.
    var json: JSONValue {
        [
            "time": .number(JSONNumber(unscaled: milliseconds, fractionDigits: 3)),
            "level": .string(level.rawValue),
            "message": .string(message), "fields": .object(JSONObject(fields.map { ($0.key, .string($0.value)) })),
        ]
    }
}
