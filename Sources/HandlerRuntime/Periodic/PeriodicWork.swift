public import EventStore

/// What a module does from time to time, whether or not something happens.
///
/// The daemon that has the module's lease does it, while the module is enabled. What fails is logged, and tried again
/// behind a pause that grows up to the interval.
public struct PeriodicWork: Sendable {
    public typealias Body = @Sendable (PeriodicRun) async throws(Refusal) -> Void

    /// For operators: a noun, such as `lapse`.
    public let name: String
    public let interval: Duration
    let body: Body

    /// - Parameters:
    ///   - interval: how long to rest behind each time.
    ///   - body: may be ended in its middle, and begun again by another daemon. What it decides, it decides in steps.
    public init(_ name: String, every interval: Duration, _ body: @escaping Body) {
        self.name = name
        self.interval = interval
        self.body = body
    }

    /// Something is to be done about whatever has been in an index for too long.
    ///
    /// Each is a step of its own: one that is refused is logged, and keeps nobody else waiting.
    /// - Parameters:
    ///   - age: how long something may be in the index.
    ///   - interval: a tenth of the age unless given, from a second to a minute.
    ///   - now: the present time; a test has its own.
    ///   - act: is given the id. It should look again whether something is still to be done.
    public static func overdue(
        _ name: String, in index: String, for age: Duration, every interval: Duration? = nil,
        now: @escaping @Sendable () -> EventID = { .now },
        _ act: @escaping @Sendable (String, UnitOfWork) async throws(Refusal) -> Void
    ) -> PeriodicWork {
        let interval = interval ?? max(.seconds(1), min(.seconds(60), age / 10))
        return PeriodicWork(name, every: interval) { (run) async throws(Refusal) in
            let end = now().earlier(by: age)
            var place: UInt64? = 0
            while let start = place {
                let page = try await run.page(of: index, after: start, before: end)
                for id in page.ids {
                    try await run.step(about: id) { (unit) throws(Refusal) in try await act(id, unit) }
                }
                place = page.next
            }
        }
    }
}

/// One time that a module's periodic work is done.
public struct PeriodicRun: Sendable {
    let store: Store
    let commit: @Sendable (Decide) async throws(Refusal) -> Void
    let skip: @Sendable (String, Refusal) -> Void

    public typealias Decide = (UnitOfWork) async throws(Refusal) -> Void

    /// Decides, and writes what was decided in one step. Decides again where the state has changed meanwhile.
    /// - Throws: what `decide` throws; `unavailable` where the module's lease is elsewhere by now, `moduleDisabled`
    ///   where it is being switched off. Then there is no more to be done here.
    public func step(_ decide: Decide) async throws(Refusal) { try await commit(decide) }

    /// The same for one of many: a refusal that waiting does not mend is logged, and the others go on.
    func step(about id: String, _ decide: Decide) async throws(Refusal) {
        do throws(Refusal) { try await commit(decide) } catch {
            if isTransient(error) { throw error }
            skip(id, error)
        }
    }

    /// What came into an index, oldest first.
    func page(of index: String, after place: UInt64, before event: EventID) async throws(Refusal) -> IndexPage {
        do { return try await store.page(of: index, after: place, before: event, count: 100) } catch {
            throw Refusal(error)
        }
    }
}
