import EventStore
public import JSON
import Logging

/// Runs commands, wherever they come from: the socket, REST, another module.
public final class Dispatcher: Sendable {
    public let registry: Registry
    let store: Store
    private let gates: Gates
    private let options: Live<Supervisor.Options>
    let committed: @Sendable (Set<StreamKey>) -> Void
    private let logger: Logger
    private let locks = KeyedLocks()
    private let metrics: CommandMetrics

    /// - Parameter committed: called after events were appended, with their streams.
    init(
        registry: Registry, store: Store, gates: Gates, options: Live<Supervisor.Options>, logger: Logger,
        committed: @escaping @Sendable (Set<StreamKey>) -> Void
    ) {
        self.registry = registry
        self.store = store
        self.logger = logger
        self.gates = gates
        self.options = options
        self.committed = committed
        metrics = CommandMetrics(methods: registry.commands.keys.sorted())
    }

    // MARK: Execution

    /// Runs one command.
    /// - Parameters:
    ///   - origin: who calls, for the events that come of it.
    ///   - terms: of a command; a query has none.
    /// - Returns: its answer, when all that it wrote can be read by everybody.
    public func execute(
        _ method: String, _ parameters: JSONObject, by origin: Origin = .unknown, on terms: Terms = .none
    ) async throws(Refusal) -> Reply {
        try await observe(method, origin) { (origin) async throws(Refusal) in
            // Queries are answered from the events themselves, so they need no module that keeps up.
            if let (_, command) = registry.commands[method], case .query(let run) = command.body {
                try command.check(parameters)
                return Reply(try await run(parameters, store))
            }
            let (command, pass) = try admit(method)
            defer { withExtendedLifetime(pass) {} }
            try command.check(parameters)
            return try await change(
                Request(command: command, objects: [parameters], isBatch: false, origin: origin, terms: terms))
        }
    }

    /// Whether the module that a method belongs to is switched off here, or does not start.
    public func isOff(_ method: String) -> Bool {
        registry.commands[method].map { !gates.isOpen($0.module) } ?? false
    }

    /// Runs one command for several objects in one step: all of them or none.
    /// - Returns: the results, in order.
    public func execute(
        _ method: String, batch: [JSONValue], by origin: Origin = .unknown, on terms: Terms = .none
    ) async throws(Refusal) -> Reply {
        try await observe(method, origin) { (origin) async throws(Refusal) in
            let (command, pass) = try admit(method)
            defer { withExtendedLifetime(pass) {} }
            guard batch.count <= Self.maxBatch else {
                throw Refusal(
                    .tooLarge, "at most \(Self.maxBatch) objects are taken at once, not \(batch.count): split them")
            }
            let objects = try check(batch, for: command)
            return try await change(
                Request(command: command, objects: objects, isBatch: true, origin: origin, terms: terms))
        }
    }

    /// Runs one command for one object and answers as for a batch of one.
    public func execute(
        _ method: String, single object: JSONValue, by origin: Origin = .unknown, on terms: Terms = .none
    ) async throws(Refusal) -> Reply {
        try await observe(method, origin) { (origin) async throws(Refusal) in
            let (command, pass) = try admit(method)
            defer { withExtendedLifetime(pass) {} }
            let violations = command.parameters.violations(in: object)
            guard violations.isEmpty, let parameters = object.object else { throw Refusal(violations) }
            return try await change(
                Request(command: command, objects: [parameters], isBatch: true, origin: origin, terms: terms))
        }
    }

    /// Measures a command, and records a span of it where its request is traced.
    private func observe(
        _ method: String, _ origin: Origin, _ body: (Origin) async throws(Refusal) -> Reply
    ) async throws(Refusal) -> Reply {
        try await metrics.measure(method) { () async throws(Refusal) in
            guard let context = origin.trace else { return try await body(origin) }
            return try await trace(method, by: origin, in: context, body)
        }
    }

    /// One atomic step blocks Redis while it lasts, so it is kept small.
    static let maxBatch = 1_000

    private func check(_ batch: [JSONValue], for command: CommandDefinition) throws(Refusal) -> [JSONObject] {
        let violations = batch.enumerated().flatMap { index, value in
            command.parameters.violations(in: value).map { $0.inside(String(index)) }
        }
        if !violations.isEmpty { throw Refusal(violations) }
        return batch.compactMap(\.object)
    }

    /// - Returns: the command, and the pass to keep while it runs.
    private func admit(_ method: String) throws(Refusal) -> (CommandDefinition, Gates.Pass) {
        guard let found = registry.commands[method] else {
            throw Refusal(
                .unknownMethod, "there is no method \(method.prefix(100)): rpc.methods lists those that are")
        }
        return try admit(found)
    }

    /// Modules call each other's steps, too.
    private func admit(step method: String) throws(Refusal) -> (CommandDefinition, Gates.Pass) {
        if let step = registry.steps[method] { return try admit(step) }
        return try admit(method)
    }

    private func admit(
        _ found: (module: String, definition: CommandDefinition)
    ) throws(Refusal) -> (CommandDefinition, Gates.Pass) {
        let (module, command) = found
        guard let pass = gates.enter(module) else { throw refusal(of: module) }
        return (command, pass)
    }

    /// Why a module takes nothing just now; nil: it does.
    public func closure(of module: String) -> Refusal? { gates.isOpen(module) ? nil : refusal(of: module) }

    private func refusal(of module: String) -> Refusal {
        let details = JSONObject([("module", .string(module))])
        return switch gates.closure(of: module) {
        case .disabled:
            Refusal(
                .moduleDisabled,
                "the module \(module) is disabled and takes no commands: enable it with "
                    + "'ordershopctl module enable \(module)'", retryAfter: .seconds(10), details: details)
        case .failed(let reason):
            Refusal(
                .unavailable, "the module \(module) does not start, which is tried again: \(reason)",
                retryAfter: .seconds(5), details: details)
        case .starting, nil:
            Refusal(
                .unavailable, "the module \(module) is starting: try again", retryAfter: .seconds(1),
                details: details)
        }
    }

    // MARK: Steps

    /// A command that is to be run, for one object or several.
    private struct Request {
        let command: CommandDefinition
        let objects: [JSONObject]
        /// Whether the answer is an array, also for one object.
        let isBatch: Bool
        let origin: Origin
        let terms: Terms

        var fingerprint: Fingerprint {
            let objects = objects.map { JSONValue.object($0) }
            return Fingerprint(command.method, isBatch ? .array(objects) : objects[0])
        }

        func answer(_ results: [JSONValue]) -> JSONValue { isBatch ? .array(results) : results[0] }

        /// - Throws: where the terms do not fit the command.
        func check() throws(Refusal) {
            guard terms.expected != nil else { return }
            guard !isBatch, command.parameters.contains(where: { $0.name == "id" }) else { throw unexpecting }
        }

        var unexpecting: Refusal {
            Refusal(
                .invalid,
                "\(command.method) is about no one entity that is there already: leave out which revision it is "
                    + "expected at")
        }
    }

    /// Decides on the present state and appends what was decided; decides again when the state has changed
    /// meanwhile. Commands that lost such a race wait for each other, so that each gets its turn.
    private func change(_ request: Request) async throws(Refusal) -> Reply {
        try request.check()
        var contended: Set<String> = []
        for _ in 0..<Self.maxAttempts {
            if let reply = try await keptReply(to: request) { return reply }
            let result = try await locks.withLocks(contended) { () async throws(Refusal) -> Attempt in
                try await self.attempt(request, holding: contended)
            }
            switch result {
            case .done(let reply): return reply
            case .again(let keys): contended.formUnion(keys)
            }
        }
        throw Refusal(
            .unavailable, "too many commands want the same thing at this moment: try again",
            retryAfter: .seconds(1),
            details: JSONObject([("entities", .array(contended.sorted().map { .string($0) }))]))
    }

    static let maxAttempts = 100

    /// The answer of the first time, where the client's name for the command is known.
    private func keptReply(to request: Request) async throws(Refusal) -> Reply? {
        guard let key = request.terms.key else { return nil }
        let kept: KeptAnswer?
        do { kept = try await store.keptAnswer(key.text) } catch { throw Refusal(error) }
        guard let kept else { return nil }
        return Reply(.value(try kept.answer(to: request.fingerprint)), isReplayed: true)
    }

    private enum Attempt {
        case done(Reply)
        /// The state has changed, or others wait for it already: queue up for these and decide again.
        case again(Set<String>)
    }

    private func attempt(_ request: Request, holding held: Set<String>) async throws(Refusal) -> Attempt {
        let unit = unitOfWork()
        unit.origin = request.origin
        unit.expected = request.terms.expected
        try await unit.prefetch(request.objects.flatMap(request.command.prefetch))
        var results: [JSONValue] = []
        for parameters in request.objects { results.append(try await run(request.command, parameters, in: unit)) }
        // Whoever forgets to look must not do what the client did not want.
        if unit.isExpectationUnmet { throw request.unexpecting }
        let answer = request.answer(results)
        if unit.isEmpty { return .done(Reply(.value(answer), revision: unit.revision(after: []))) }
        let changed = unit.changed
        if locks.areContended(changed.subtracting(held)) { return .again(changed) }
        let outcome: TransactionOutcome
        do { outcome = try await append(transaction(of: unit, request, answer), by: request.origin) } catch {
            throw Refusal(error)
        }
        switch outcome {
        case .committed(let ids):
            FaultPoint.answer(request.command.method)
            committed(unit.streams)
            return .done(Reply(.value(answer), revision: unit.revision(after: ids)))
        case .conflict: return .again(changed)
        }
    }

    /// What the unit decided, with the answer where it is to be kept.
    private func transaction(of unit: UnitOfWork, _ request: Request, _ answer: JSONValue) -> Transaction {
        guard let key = request.terms.key else { return unit.transaction }
        return store.keeping(
            KeptAnswer(to: request.fingerprint, answer), as: key.text, for: options.value.answersKept,
            in: unit.transaction)
    }

    /// A unit of work whose commands run through this dispatcher.
    func unitOfWork() -> UnitOfWork {
        UnitOfWork(store: store) { method, parameters, unit throws(Refusal) in
            let (command, pass) = try self.admit(step: method)
            unit.keep(pass)
            try command.check(parameters)
            return try await self.run(command, parameters, in: unit)
        }
    }

    private func run(
        _ command: CommandDefinition, _ parameters: JSONObject, in unit: UnitOfWork
    ) async throws(Refusal) -> JSONValue {
        guard case .change(let run) = command.body else {
            throw Refusal(.internalError, "\(command.method) is a query and changes nothing")
        }
        return try await run(parameters, unit)
    }
}
