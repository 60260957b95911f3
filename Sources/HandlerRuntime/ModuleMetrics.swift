import CoreMetrics

/// What is measured of one module's work on events.
struct ModuleMetrics: Sendable {
    let handled: Counter
    let retries: Counter
    let parked: Counter

    init(module: String) {
        let labels = [("module", module)]
        handled = Counter(label: "ordershop_module_events_handled", dimensions: labels)
        retries = Counter(label: "ordershop_module_retries", dimensions: labels)
        parked = Counter(label: "ordershop_module_events_parked", dimensions: labels)
    }
}
