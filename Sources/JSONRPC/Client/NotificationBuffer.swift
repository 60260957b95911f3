import NIOCore
import Synchronization

/// The notifications of one client that nobody has taken yet.
final class NotificationBuffer: Sendable {
    typealias Resume = @Sendable () -> Void
    typealias Waiter = CheckedContinuation<JSONRPCNotification?, Never>

    fileprivate struct State {
        var waiting = CircularBuffer<JSONRPCNotification>()
        var takers: [(id: Int, waiter: Waiter)] = []
        var lastID = 0
        var isEnded = false
        /// Goes on reading; set while reading pauses.
        var resume: Resume?
    }

    /// As many may wait, or a few more that came with them.
    fileprivate static let limit = 1024

    private let state = Mutex(State())

    /// - Returns: false where reading has to pause: `resume` is called when there is room again.
    func put(_ notification: JSONRPCNotification, resume: @escaping Resume) -> Bool {
        let (taker, isFull) = state.withLock { state -> (Waiter?, Bool) in
            if !state.takers.isEmpty { return (state.takers.removeFirst().waiter, false) }
            state.waiting.append(notification)
            guard state.waiting.count >= Self.limit else { return (nil, false) }
            state.resume = resume
            return (nil, true)
        }
        taker?.resume(returning: notification)
        return !isFull
    }

    /// What waits can still be taken.
    func end() {
        let takers = state.withLock { state in
            state.isEnded = true
            defer { state.takers = [] }
            return state.takers
        }
        for taker in takers { taker.waiter.resume(returning: nil) }
    }

    func next() async -> JSONRPCNotification? {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { take(id, $0) }
        } onCancel: {
            giveUp(id)
        }
    }

    private func take(_ id: Int, _ waiter: Waiter) {
        let isCancelled = Task.isCancelled
        let (found, waits, resume) = state.withLock { state -> (JSONRPCNotification?, Bool, Resume?) in
            if let found = state.waiting.popFirst() { return (found, false, state.takeResume()) }
            if state.isEnded || isCancelled { return (nil, false, nil) }
            state.takers.append((id, waiter))
            return (nil, true, nil)
        }
        if !waits { waiter.resume(returning: found) }
        resume?()
        // The handler may have run between the look at the task and here.
        if !isCancelled, Task.isCancelled { giveUp(id) }
    }

    private func giveUp(_ id: Int) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.takers.firstIndex(where: { $0.id == id }) else { return nil }
            return state.takers.remove(at: index).waiter
        }
        waiter?.resume(returning: nil)
    }
}

extension NotificationBuffer.State {
    /// Reading goes on when half of what may wait is gone.
    fileprivate mutating func takeResume() -> NotificationBuffer.Resume? {
        guard waiting.count <= NotificationBuffer.limit / 2 else { return nil }
        defer { resume = nil }
        return resume
    }
}
