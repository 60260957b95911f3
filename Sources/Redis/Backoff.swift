/// How long to wait before the next attempt to connect: exponential, with full jitter, so that many clients do not
/// come back in step.
struct Backoff: Sendable {
    let minimum: Duration
    let maximum: Duration
    private(set) var attempts = 0

    init(minimum: Duration, maximum: Duration) {
        self.minimum = minimum
        self.maximum = max(minimum, maximum)
    }

    mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let ceiling = min(maximum, minimum * (1 << min(attempts, 20)))
        attempts += 1
        let share = Double.random(in: 0..<1, using: &generator)
        return max(minimum, ceiling * share)
    }

    /// A connection that lasted was a success: the next outage begins with short pauses again.
    mutating func reset() {
        attempts = 0
    }
}
