import EventStore
import Logging

/// Does one periodic work of a module, while the module works here.
struct PeriodicRunner: Sendable {
    let work: PeriodicWork
    let runner: ModuleRunner
    let dispatcher: Dispatcher
    let gates: Gates
    let options: Live<Supervisor.Options>
    let logger: Logger
    let progress = ModuleProgress()

    private var module: String { runner.module.name }

    /// Runs until the task is cancelled.
    func run() async {
        var backOff = BackOff()
        var trouble = ""
        // Soon behind the start: the daemon may have been away for long.
        var pause = min(work.interval, .seconds(1))
        while (try? await Task.sleep(for: pause)) != nil {
            do throws(Refusal) {
                try await turn()
                pause = work.interval
                backOff.reset()
                trouble = ""
            } catch {
                pause = min(backOff.next(options.value.retries), work.interval)
                let isNew = error.message != trouble && error.code != .moduleDisabled
                trouble = error.message
                logger.log(
                    level: isNew ? .warning : .debug, "periodic work failed",
                    metadata: ["work": "\(work.name)", "reason": "\(error)"])
            }
        }
    }

    private func turn() async throws(Refusal) {
        guard let lease = await runner.workingLease, let pass = gates.enter(module) else { return }
        defer {
            progress.begin(nil)
            withExtendedLifetime(pass) {}
        }
        progress.begin(.working(work.name))
        // All that comes of it has one origin.
        let origin = Origin([("module", module), ("correlation", RequestID.random())])
        try await work.body(
            PeriodicRun(store: dispatcher.store) { (decide) async throws(Refusal) in
                try await step(under: lease, origin, decide)
            } skip: { id, refusal in
                logger.warning(
                    "periodic work was refused",
                    metadata: ["work": "\(work.name)", "id": "\(id)", "reason": "\(refusal)"])
            })
    }

    private func step(
        under lease: Lease, _ origin: Origin, _ decide: PeriodicRun.Decide
    ) async throws(Refusal) {
        guard gates.isOpen(module) else {
            throw Refusal(.moduleDisabled, "the module \(module) is being switched off")
        }
        progress.begin(.working(work.name))
        try await dispatcher.step(of: module, under: lease, by: origin, decide)
    }
}

extension Dispatcher {
    /// Decides as a command does, and commits it if the module's lease is still this one.
    func step(
        of module: String, under lease: Lease, by origin: Origin, _ decide: PeriodicRun.Decide
    ) async throws(Refusal) {
        for _ in 0..<Self.maxAttempts {
            let unit = unitOfWork()
            unit.origin = origin
            try await decide(unit)
            if unit.isEmpty { return }
            var step = unit.transaction
            step.checkpoint = CheckpointMove(module: module, lease: lease, positions: [])
            let outcome: TransactionOutcome
            do { outcome = try await store.transact(step) } catch { throw Refusal(error) }
            switch outcome {
            case .committed: return committed(unit.streams)
            case .conflict(.fenced):
                throw Refusal(.unavailable, "another daemon has taken over the module \(module)")
            case .conflict: continue
            }
        }
        throw Refusal(.unavailable, "too many commands want the same thing at this moment")
    }
}
