import CoreMetrics
import HandlerRuntime

/// A route that counts what becomes of the mails that it is given.
struct MeasuredRoute: MailRoute {
    let route: any MailRoute
    private let sent: Counter
    private let deferred: Counter
    private let failed: Counter

    /// - Parameter name: what the route is called in the metrics.
    init(_ route: any MailRoute, named name: String) {
        self.route = route
        sent = Self.counter(name, "sent")
        deferred = Self.counter(name, "deferred")
        failed = Self.counter(name, "failed")
    }

    func open() async throws { try await route.open() }
    func close() async { await route.close() }
    func destroy(_ mails: Set<String>) async throws { try await route.destroy(mails) }

    func deliver(_ parcel: Parcel, _ effect: OutsideEffect) async throws -> String? {
        do {
            let reply = try await route.deliver(parcel, effect)
            sent.increment()
            return reply
        } catch {
            (error is TryLater || error is Postponed ? deferred : failed).increment()
            throw error
        }
    }

    private static func counter(_ route: String, _ outcome: String) -> Counter {
        Counter(label: "ordershop_mails", dimensions: [("route", route), ("outcome", outcome)])
    }
}
