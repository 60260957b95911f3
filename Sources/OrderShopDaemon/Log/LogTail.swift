import JSON
import Logging
import Synchronization

/// The last entries of the log, and those that come, for who watches.
final class LogTail: Sendable {
    static let shared = LogTail()

    private struct State {
        var last: [LogEntry] = []
        var next = 0
        var followers: [Int: AsyncStream<LogEntry>.Continuation] = [:]
    }

    private static let memory = 200
    /// Who is slower than this loses the oldest: the log waits for nobody.
    private static let patience = 1_000
    private let state = Mutex(State())

    func note(_ entry: LogEntry) {
        let followers = state.withLock { state in
            state.last.append(entry)
            if state.last.count > Self.memory { state.last.removeFirst() }
            return state.followers.isEmpty ? [] : Array(state.followers.values)
        }
        for follower in followers { follower.yield(entry) }
    }

    /// The last entries and those behind them: none is missing in between, none comes twice.
    func follow() -> (last: [LogEntry], next: AsyncStream<LogEntry>) {
        let (entries, follower) = AsyncStream.makeStream(
            of: LogEntry.self, bufferingPolicy: .bufferingNewest(Self.patience))
        let (last, number) = state.withLock { state in
            state.next += 1
            state.followers[state.next] = follower
            return (state.last, state.next)
        }
        follower.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.followers.removeValue(forKey: number) }
        }
        return (last, entries)
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
