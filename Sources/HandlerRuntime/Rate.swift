/// Events a second, over the last seconds.
struct Rate: Sendable {
    private static let window = Duration.seconds(5)
    private var samples: [(at: ContinuousClock.Instant, count: Int)] = []

    mutating func note(_ count: Int, at now: ContinuousClock.Instant = .now) {
        // A sample for all of a tenth of a second, so that there are few.
        if let last = samples.last, now - last.at < .milliseconds(100) {
            samples[samples.count - 1].count += count
        } else {
            samples.append((now, count))
        }
        samples.removeAll { now - $0.at > Self.window }
    }

    func perSecond(at now: ContinuousClock.Instant = .now) -> Double {
        let recent = samples.filter { now - $0.at <= Self.window }
        guard let first = recent.first else { return 0 }
        let time = max((now - first.at) / .seconds(1), 0.1)
        return Double(recent.reduce(0) { $0 + $1.count }) / time
    }
}
