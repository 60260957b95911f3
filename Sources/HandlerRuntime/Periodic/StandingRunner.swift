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
    private let ended = Latch()

    init(
        work: StandingWork, runner: ModuleRunner, dispatcher: Dispatcher, gates: Gates, news: News,
        options: Live<Supervisor.Options>, logger: Logger
    ) {
        (self.work, self.runner, self.dispatcher, self.gates) = (work, runner, dispatcher, gates)
        (self.news, self.options, self.logger) = (news, options, logger)
    }

    /// For what is in flight when the work is to end.
    private static let grace = Duration.seconds(4)

    /// Runs until its runner is stopped, or until the task is cancelled.
    func run() async {
        var backOff = BackOff()
        for await _ in runner.changes.rings() {
            while let lease = await runner.workingLease {
                var pause = Duration.milliseconds(50)
                do { if try await turn(under: lease) { backOff.reset() } } catch {
                    pause = backOff.next(options.value.retries)
                    logger.warning(
                        "standing work failed", metadata: ["work": "\(work.name)", "reason": "\(error)"])
                }
                guard (try? await Task.sleep(for: pause)) != nil else { break }
            }
            if await runner.isStopping { break }
        }
        ended.open()
    }

    /// Returns when it has ended.
    func settle() async { await ended.wait() }

    /// - Returns: false where the module is not open yet.
    private func turn(under lease: Lease) async throws -> Bool {
        guard let pass = gates.enter(runner.module.name) else { return false }
        defer { withExtendedLifetime(pass) {} }
        let bell = Bell()
        let pause = Live(StandingRun.tick)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await work.body(run(under: lease, bell, pause)) }
            group.addTask { await watch(lease, bell, pause) }
            // Whichever ends first is the end of the other.
            defer { group.cancelAll() }
            try await group.next()
        }
        return true
    }

    private func run(under lease: Lease, _ bell: Bell, _ pause: Live<Duration>) -> StandingRun {
        let module = runner.module.name
        let origin = Origin([("module", module), ("correlation", RequestID.random())])
        return StandingRun(store: dispatcher.store, module: module, lease: lease, rings: bell.rings, pause: pause) {
            (decide) async throws(Refusal) in
            try await dispatcher.step(of: module, under: lease, by: origin, decide)
        }
    }

    /// Rings, until the work is to end, and some seconds longer.
    private func watch(_ lease: Lease, _ bell: Bell, _ pause: Live<Duration>) async {
        await withDiscardingTaskGroup { group in
            group.addTask { for await _ in news.rings() { bell.ring() } }
            group.addTask { while (try? await Task.sleep(for: pause.value)) != nil { bell.ring() } }
            await untilEnd(of: lease)
            group.cancelAll()
        }
        bell.silence()
        try? await Task.sleep(for: Self.grace)
    }

    private func untilEnd(of lease: Lease) async {
        for await _ in runner.changes.rings() where await runner.workingLease != lease { return }
    }
}
