public import Curl
public import EventStore
public import HandlerRuntime
import JSON
public import Logging

/// How webhooks are called.
public struct WebhookOptions: Sendable, Equatable {
    public var rules: HTTPRules
    /// How many messages are on their way to one webhook at once.
    public var concurrency: Int
    /// Before a message is tried again that was not taken; it doubles, up to an hour.
    public var firstPause: Duration
    /// What was not taken for so long is given up; a webhook that took nothing for so long is disabled. nil: never.
    public var giveUpAfter: Duration?
    /// How many deliveries that have ended are remembered for each webhook.
    public var logSize: Int

    public init(
        rules: HTTPRules = HTTPRules(), concurrency: Int = 4, firstPause: Duration = .seconds(5),
        giveUpAfter: Duration? = .seconds(3 * 86_400), logSize: Int = 1_000
    ) {
        (self.rules, self.concurrency, self.firstPause) = (rules, concurrency, firstPause)
        (self.giveUpAfter, self.logSize) = (giveUpAfter, logSize)
    }

    private static let longestPause = Duration.seconds(3_600)

    /// In milliseconds, with some chance in it, so that what failed together does not come back together.
    func pause(behind attempts: Int) -> Int64 {
        let pause = min(firstPause * (1 << min(max(0, attempts - 1), 20)), Self.longestPause)
        return Int64(pause / .milliseconds(1) * Double.random(in: 0.8...1))
    }

    /// - Parameter since: in unix milliseconds, as `now` is.
    func hasGivenUp(_ since: Int64, at now: Int64) -> Bool {
        giveUpAfter.map { since + Int64($0 / .milliseconds(1)) <= now } ?? false
    }

    var giveUpText: String { "\(giveUpAfter?.components.seconds ?? 0) seconds" }
}

/// Tells others of the shop's events, by HTTP.
public struct WebhookModule: HandlerModule {
    public let name = "webhook"
    public let summary = "Who is told of events by HTTP"
    public let topics = [Webhook.definition]
    public let isOffAtFirst = true
    private let sources: [StreamKey]
    private let courier: Courier
    private let options: WebhookOptions

    /// - Parameter sources: the streams that webhooks can hear of.
    public init(_ options: WebhookOptions, sources: [StreamKey], logger: Logger) {
        (self.options, self.sources) = (options, sources)
        courier = Courier(options, sources: sources, logger: logger)
    }

    public var commands: [CommandDefinition] {
        WebhookCommands(rules: options.rules, sources: sources).definitions
            + DeliveryCommands(courier: courier).definitions
    }

    public var projections: [Projection] {
        [
            Projection(of: Webhook.topic, named: Self.index) { change in
                if change.after == nil { return [.remove(index: Self.index, id: change.id)] }
                return change.before == nil ? [.add(index: Self.index, id: change.id)] : []
            }
        ]
    }

    static let index = "webhook.all"
    /// So many there can be: each of them reads the shop's events.
    static let most = 100

    public var standingWork: [StandingWork] { [StandingWork("delivery", courier.deliver)] }

    public func start() async throws { courier.open() }
    public func stop() async { courier.close() }
}
