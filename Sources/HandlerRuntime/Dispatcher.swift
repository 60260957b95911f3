import EventStore
public import JSON
import Logging

/// Runs commands, wherever they come from: the socket, REST, another module.
public final class Dispatcher: Sendable {
    public let registry: Registry
    let store: Store
    private let gates: Gates
    let options: Live<Supervisor.Options>
    let rightOfWay: RightOfWay
    let committed: @Sendable (Set<StreamKey>) -> Void
    private let logger: Logger
    let contended = ContendedCommands()
    private let metrics: CommandMetrics

    /// - Parameter committed: called after events were appended, with their streams.
    init(
        registry: Registry, store: Store, gates: Gates, options: Live<Supervisor.Options>,
        rightOfWay: RightOfWay, logger: Logger,
        committed: @escaping @Sendable (Set<StreamKey>) -> Void
    ) {
        self.registry = registry
        self.store = store
        self.logger = logger
        self.gates = gates
        self.options = options
        self.rightOfWay = rightOfWay
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
                return try await rightOfWay.withQuery { () async throws(Refusal) in
                    Reply(try await run(parameters, store))
                }
            }
            let (command, pass) = try admit(method)
            defer { withExtendedLifetime(pass) {} }
            try command.check(parameters)
            return try await change(
                CommandRequest(
                    command: command, objects: [parameters], isBatch: false, origin: origin, terms: terms))
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
                CommandRequest(command: command, objects: objects, isBatch: true, origin: origin, terms: terms))
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
                CommandRequest(command: command, objects: [parameters], isBatch: true, origin: origin, terms: terms)
            )
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

    /// A unit of work whose commands run through this dispatcher.
    func unitOfWork() -> UnitOfWork {
        UnitOfWork(store: store) { method, parameters, unit throws(Refusal) in
            let (command, pass) = try self.admit(step: method)
            unit.keep(pass)
            try command.check(parameters)
            return try await self.run(command, parameters, in: unit)
        }
    }

    func run(
        _ command: CommandDefinition, _ parameters: JSONObject, in unit: UnitOfWork
    ) async throws(Refusal) -> JSONValue {
        guard case .change(let run) = command.body else {
            throw Refusal(.internalError, "\(command.method) is a query and changes nothing")
        }
        return try await run(parameters, unit)
    }
}
