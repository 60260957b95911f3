import CoreMetrics
import EventStore
import FoundationEssentials
import GatewayService
import HandlerRuntime
import NIOCore
import OpenMetrics
import Redis

/// `/metrics`: what was counted on the way, and what is looked at when somebody asks.
struct MetricsPage: Sendable {
    /// Everything that this process measures.
    static let registry = MetricsRegistry(MetricFamilies.all)

    let status: DaemonStatus
    let store: Store
    let loops: [any EventLoop]

    /// From here on what the parts measure is kept. To be called once, before any of them is made.
    static func start() { MetricsSystem.bootstrap(registry) }

    var page: GatewayPage {
        GatewayPage("/metrics") { accept in
            let format = MetricsFormat(accept: accept)
            await look()
            return GatewayPage.Answer(
                contentType: format.contentType, body: Self.registry.text(as: format).utf8)
        }
    }

    private func look() async {
        gauge("ordershop_build_info", [("version", orderShopVersion)], 1)
        await lookAtModules()
        await lookAtLoops()
        lookAtRedis()
        lookAtProcess()
    }

    private func gauge(_ name: String, _ labels: [(String, String)] = [], _ value: Double) {
        Meter(label: name, dimensions: labels, factory: Self.registry).set(value)
    }

    // MARK: The shop

    /// While Redis is away nobody knows how much waits: what was known last goes on standing there.
    private func lookAtModules() async {
        for module in await status.supervisor.status() {
            let labels = [("module", module.name)]
            gauge("ordershop_module_enabled", labels, module.isEnabled ? 1 : 0)
            gauge("ordershop_module_healthy", labels, module.isInTrouble ? 0 : 1)
            if let lag = module.lag { gauge("ordershop_module_lag", labels, Double(lag)) }
            if let parked = module.parked { gauge("ordershop_module_parked", labels, Double(parked)) }
            if let age = await age(of: module) {
                gauge("ordershop_module_oldest_unhandled_age_seconds", labels, age)
            }
        }
    }

    private func age(of module: ModuleStatus) async -> Double? {
        guard let lag = module.lag else { return nil }
        guard lag > 0, let oldest = try? await status.supervisor.oldestWaiting(for: module.name) else { return 0 }
        return max(0, Date.now.timeIntervalSince1970 - Double(oldest.seconds) - Double(oldest.microseconds) / 1e6)
    }

    private func lookAtRedis() {
        gauge("ordershop_redis_connected", [], status.health.redis.isConnected ? 1 : 0)
        let facts = status.health.report?.info ?? [:]
        for (fact, name) in [("used_memory", "used_memory"), ("maxmemory", "maxmemory")] {
            if let bytes = facts[fact].flatMap({ Double($0) }) { gauge("ordershop_redis_\(name)_bytes", [], bytes) }
        }
    }

    // MARK: The process

    private func lookAtLoops() async {
        for (number, loop) in loops.enumerated() {
            let start = ContinuousClock.now
            guard let end = try? await loop.submit({ ContinuousClock.now }).get() else { continue }
            gauge("ordershop_event_loop_delay_seconds", [("loop", "\(number + 1)")], (end - start) / .seconds(1))
        }
    }

    private func lookAtProcess() {
        let facts = ProcessFacts.now
        gauge("process_start_time_seconds", [], Double(status.started))
        if let bytes = facts.residentBytes { gauge("process_resident_memory_bytes", [], Double(bytes)) }
        if let count = facts.openDescriptors { gauge("process_open_fds", [], Double(count)) }
        Self.cpu.reach(facts.cpuSeconds)
    }

    private static let cpu = GrowingCounter("process_cpu_seconds", registry)
}
