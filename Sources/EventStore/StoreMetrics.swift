import CoreMetrics

/// What is measured of the steps that write.
struct StoreMetrics: Sendable {
    private let commits = Counter(label: "ordershop_commits")
    private let duration = Timer(label: "ordershop_commit_duration_seconds")
    private let committed = Counter(label: "ordershop_transactions", dimensions: [("outcome", "committed")])
    private let conflicts = Counter(label: "ordershop_transactions", dimensions: [("outcome", "conflict")])
    private let failures = Counter(label: "ordershop_transactions", dimensions: [("outcome", "failed")])
    private let appended: [StreamKey: Counter]

    init(streams: [StreamKey]) {
        let counters = streams.map { stream in
            (
                stream,
                Counter(
                    label: "ordershop_events_appended",
                    dimensions: [("topic", stream.topic.name), ("action", stream.action.name)])
            )
        }
        appended = Dictionary(counters) { first, _ in first }
    }

    /// A step is over, whatever became of it.
    func noteCommit(took time: Duration) {
        commits.increment()
        duration.recordNanoseconds(Int64(time / .nanoseconds(1)))
    }

    func note(_ transaction: Transaction, _ outcome: Result<TransactionOutcome, StoreError>) {
        switch outcome {
        case .success(.committed):
            committed.increment()
            for event in transaction.events { appended[event.stream]?.increment() }
        case .success(.conflict): conflicts.increment()
        case .failure: failures.increment()
        }
    }
}
