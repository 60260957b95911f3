import EventStore

/// How a webhook is doing, and how many messages it may be sent at once. Times are unix milliseconds.
struct WebhookHealth: Sendable, Equatable {
    /// Since when nothing was taken; nil: the last one was.
    var failingSince: Int64?
    /// Until when it is left alone.
    var pausedUntil: Int64 = 0
    var lastDelivered: Int64?
    /// Entities whose messages failed since one was taken.
    private var failed: Set<EntityKey> = []
    private var probes = 0

    /// From so many entities on, it is taken to be down, and not one message.
    static let down = 5
    private static let longestPause = Duration.seconds(600)

    var isDown: Bool { failed.count >= Self.down }

    /// How many may go at once: none while it is left alone, one to see whether it is back.
    func limit(at now: Int64, of concurrency: Int) -> Int { now < pausedUntil ? 0 : isDown ? 1 : concurrency }

    mutating func succeeded(at now: Int64) {
        (failingSince, pausedUntil, lastDelivered) = (nil, 0, now)
        (failed, probes) = ([], 0)
    }

    /// - Parameter pause: the first pause of one that is down; it doubles.
    mutating func failed(_ entity: EntityKey, at now: Int64, pause: Duration) {
        if failingSince == nil { failingSince = now }
        failed.insert(entity)
        guard isDown else { return }
        let pause = min(pause * (1 << min(probes, 16)), Self.longestPause)
        probes += 1
        pausedUntil = max(pausedUntil, now + Int64(pause / .milliseconds(1)))
    }

    /// It asked to be left alone.
    mutating func rest(until time: Int64) { pausedUntil = max(pausedUntil, time) }

    mutating func wake() { pausedUntil = 0 }

    // MARK: Keeping

    static let noteNames = ["failing_since", "paused_until", "last_delivered"]

    var notes: [String: String?] {
        [
            "failing_since": failingSince.map { String($0) },
            "paused_until": pausedUntil > 0 ? String(pausedUntil) : nil,
            "last_delivered": lastDelivered.map { String($0) },
        ]
    }

    init() {}

    init(_ notes: [String: String]) {
        failingSince = notes["failing_since"].flatMap { Int64($0) }
        pausedUntil = notes["paused_until"].flatMap { Int64($0) } ?? 0
        lastDelivered = notes["last_delivered"].flatMap { Int64($0) }
    }
}
