import Synchronization

/// Lets a task's cancellation find the call it belongs to, whichever of the two comes first, without a lock.
struct CallTicket: ~Copyable, Sendable {
    private static let cancelled = UInt64.max
    /// 0 until the call has got its id.
    private let state = Atomic<UInt64>(0)

    /// Notes the id of the call; false when the task was cancelled before.
    func issue(id: UInt64) -> Bool {
        state.compareExchange(expected: 0, desired: id, ordering: .acquiringAndReleasing).exchanged
    }

    /// The call to cancel, if it has begun; otherwise it will learn of it from `issue`.
    func cancel() -> UInt64? {
        let id = state.exchange(Self.cancelled, ordering: .acquiringAndReleasing)
        return id == 0 || id == Self.cancelled ? nil : id
    }
}
