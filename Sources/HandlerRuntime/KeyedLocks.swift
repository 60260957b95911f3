import Synchronization

/// Lets tasks that want the same thing go one after the other, first come, first served.
///
/// For commands it is only a courtesy: the store's revisions keep decisions right without it. It saves those that
/// compete for one entity in this daemon from deciding in vain again and again.
final class KeyedLocks: Sendable {
    private struct Queue {
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let queues = Mutex<[String: Queue]>([:])

    /// Runs the body while it holds the locks. They are taken in one order by everybody, so nobody waits for ever.
    func withLocks<Value, Failure: Error>(
        _ keys: Set<String>, _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let ordered = keys.sorted()
        for key in ordered { await acquire(key) }
        defer { for key in ordered { release(key) } }
        return try await body()
    }

    /// Whether somebody holds one of these.
    func areContended(_ keys: Set<String>) -> Bool {
        queues.withLock { queues in keys.contains { queues[$0] != nil } }
    }

    private func acquire(_ key: String) async {
        await withCheckedContinuation { continuation in
            let isFree = queues.withLock { queues in
                if queues[key] == nil {
                    queues[key] = Queue()
                    return true
                }
                queues[key]?.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    private func release(_ key: String) {
        let next = queues.withLock { queues -> CheckedContinuation<Void, Never>? in
            guard let queue = queues[key], !queue.waiting.isEmpty else {
                queues[key] = nil
                return nil
            }
            return queues[key]?.waiting.removeFirst()
        }
        next?.resume()
    }
}
