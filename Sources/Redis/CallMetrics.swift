import CoreMetrics
import NIOCore

/// How long calls take, from the call to its reply. Blocking reads, which wait for something to happen, do not count.
struct CallMetrics: Sendable {
    private let duration = Timer(label: "ordershop_redis_call_duration_seconds")

    func note(_ waited: TimeAmount) { duration.recordNanoseconds(waited.nanoseconds) }
}
