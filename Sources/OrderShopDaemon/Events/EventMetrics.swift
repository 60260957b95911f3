import CoreMetrics

/// What is measured of the clients of `/events`.
struct EventMetrics: Sendable {
    let clients = Meter(label: "ordershop_sse_clients")
    let sent = Counter(label: "ordershop_sse_messages_sent")
    let dropped = Counter(label: "ordershop_sse_clients_dropped")
    let refused = Counter(label: "ordershop_sse_clients_refused")
}
