/// How the shop's mails are to go out. It may change while the daemon runs.
public struct MailPolicy: Sendable, Equatable {
    /// The From address, `Name <address>` or an address alone.
    public var sender: String
    /// No more than so many; nil: as fast as they are taken.
    public var rate: MailRate?
    /// A mail that waited for longer is not sent any more; nil: it always is.
    public var maxAge: Duration?

    public init(sender: String, rate: MailRate? = nil, maxAge: Duration? = nil) {
        self.sender = sender
        self.rate = rate
        self.maxAge = maxAge
    }
}

/// So many mails in a second, a minute or an hour.
public struct MailRate: Sendable, Equatable {
    /// From the beginning of one mail to that of the next, on the average.
    public let interval: Duration

    /// - Parameter text: `10/s`, `100/min` or `1000/h`.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = Int(parts[0]), (1...100_000).contains(count),
            let unit = Self.units[String(parts[1])]
        else { return nil }
        interval = unit / count
    }

    private static let units: [String: Duration] = ["s": .seconds(1), "min": .seconds(60), "h": .seconds(3600)]
}

/// Spreads mails over time: what was not used in a second is lost.
struct MailPace: Sendable {
    /// When the next one may go, if that is not past.
    private var next: ContinuousClock.Instant?

    /// - Returns: nil where a mail may go now, and is counted; otherwise how long to wait.
    mutating func take(_ rate: MailRate?, at now: ContinuousClock.Instant) -> Duration? {
        guard let rate else { return nil }
        // Those of one second may go together.
        let patience = max(Duration.seconds(1) - rate.interval, .zero)
        let earliest = max(next ?? now, now)
        guard earliest <= now + patience else { return earliest - patience - now }
        next = earliest + rate.interval
        return nil
    }
}
