import EventStore
import Logging

/// Does one standing work of a module, while the module works here.
struct StandingRunner: Sendable {
    let work: StandingWork
    let runner: ModuleRunner
    let dispatcher: Dispatcher
    let gates: Gates
    let news: News
    let options: Live<Supervisor.Options>
    let logger: Logger
    private let stopping = Latch()
    private let ended = Latch()

    init(
        work: StandingWork, runner: ModuleRunner, dispatcher: Dispatcher, gates: Gates, news: News,
        options: Live<Supervisor.Options>, logger: Logger
    ) {
        (self.work, self.runner, self.dispatcher, self.gates) = (work, runner, dispatcher, gates)
        (self.news, self.options, self.logger) = (news, options, logger)
    }

    private static let interval = Duration.milliseconds(50)
    private static let tick = Duration.milliseconds(250)
    /// For what is in flight when the work is to end.
    private static let grace = Duration.seconds(4)

    /// Runs until `stop`, or until the task is cancelled.
    func run() async {
        var backOff = BackOff()
        while !stopping.isOpen {
            var pause = Self.interval
            do {
                try await turn()
                backOff.reset()
            } catch {
                pause = backOff.next(options.value.retries)
                logger.warning(
                    "standing work failed", metadata: ["work": "\(work.name)", "reason": "\(error)"])
            }
            guard (try? await Task.sleep(for: pause)) != nil else { break }
        }
        ended.open()
    }

    /// Returns when it has ended.
    func stop() async {
        stopping.open()
        await ended.wait()
    }

    private func turn() async throws {
        guard let lease = await runner.workingLease, let pass = gates.enter(runner.module.name) else { return }
        defer { withExtendedLifetime(pass) {} }
        let bell = Bell()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await work.body(run(under: lease, bell)) }
            group.addTask { await watch(lease, bell) }
            // Whichever ends first is the end of the other.
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func run(under lease: Lease, _ bell: Bell) -> StandingRun {
        let module = runner.module.name
        let origin = Origin([("module", module), ("correlation", RequestID.random())])
        return StandingRun(store: dispatcher.store, module: module, lease: lease, rings: bell.rings) {
            (decide) async throws(Refusal) in
            try await dispatcher.step(of: module, under: lease, by: origin, decide)
        }
    }

    /// Rings, until the work is to end, and some seconds longer.
    private func watch(_ lease: Lease, _ bell: Bell) async {
        await withDiscardingTaskGroup { group in
            group.addTask { for await _ in news.rings() { bell.ring() } }
            group.addTask { while (try? await Task.sleep(for: Self.tick)) != nil { bell.ring() } }
            await untilEnd(of: lease)
            group.cancelAll()
        }
        bell.silence()
        try? await Task.sleep(for: Self.grace)
    }

    private func untilEnd(of lease: Lease) async {
        while await runner.workingLease == lease, !stopping.isOpen {
            guard (try? await Task.sleep(for: Self.interval)) != nil else { return }
        }
    }
}
