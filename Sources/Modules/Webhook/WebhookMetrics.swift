import CoreMetrics

/// What is measured of the deliveries.
struct WebhookMetrics: Sendable {
    let delivered = Counter(label: "ordershop_webhook_deliveries", dimensions: [("outcome", "delivered")])
    let failed = Counter(label: "ordershop_webhook_deliveries", dimensions: [("outcome", "failed")])
}
