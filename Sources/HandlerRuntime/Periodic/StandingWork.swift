public import EventStore

/// What a module does all the time, whatever happens: at the daemon that has its lease, while it is enabled.
public struct StandingWork: Sendable {
    public typealias Body = @Sendable (StandingRun) async throws -> Void

    /// For operators: a noun, such as `delivery`.
    public let name: String
    let body: Body

    /// - Parameter body: works until the run's rings end, and then ends what it has begun, within seconds: it is
    ///   cancelled otherwise. Where it throws, that is logged, and it is begun again behind a pause.
    public init(_ name: String, _ body: @escaping Body) {
        self.name = name
        self.body = body
    }
}

/// The time from a standing work's beginning to its end.
public struct StandingRun: Sendable {
    public let store: Store
    public let module: String
    /// The module's lease, under which whatever comes of it is to be written.
    public let lease: Lease
    /// Rings when something has happened in the shop, and each second, unless the work rests. Its end is the work's end.
    public let rings: AsyncStream<Void>
    /// How long it rings for nothing but what happens.
    let pause: Live<Duration>
    let commit: @Sendable (PeriodicRun.Decide) async throws(Refusal) -> Void

    /// Whether it waits for nothing but events.
    public func rest(_ isResting: Bool) { pause.value = isResting ? Self.rest : Self.tick }

    static let tick = Duration.seconds(1)
    /// A ring can get lost, with the connection that it comes by.
    static let rest = Duration.seconds(10)

    /// Decides, and writes what was decided in one step, as a periodic work does.
    public func step(_ decide: PeriodicRun.Decide) async throws(Refusal) { try await commit(decide) }
}
