import CoreMetrics
import Synchronization

/// What is measured of the deliveries.
final class WebhookMetrics: Sendable {
    let delivered = Counter(label: "ordershop_webhook_deliveries", dimensions: [("outcome", "delivered")])
    let failed = Counter(label: "ordershop_webhook_deliveries", dimensions: [("outcome", "failed")])
    private let held = Gauge(label: "ordershop_webhook_held")
    private let down = Gauge(label: "ordershop_webhook_down")
    private let webhooks = Mutex<[String: (held: Int, isDown: Bool)]>([:])

    init() { show() }

    /// How a webhook is doing.
    func note(_ webhook: String, held: Int, isDown: Bool) { change { $0[webhook] = (held, isDown) } }

    /// It is no longer looked after here.
    func forget(_ webhook: String) { change { $0[webhook] = nil } }

    private func change(_ change: (inout [String: (held: Int, isDown: Bool)]) -> Void) {
        webhooks.withLock { change(&$0) }
        show()
    }

    private func show() {
        let all = webhooks.withLock { Array($0.values) }
        held.record(all.reduce(0) { $0 + $1.held })
        down.record(all.count { $0.isDown })
    }
}
