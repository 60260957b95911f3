public import EventStore
public import JSON

/// One command of a module: how it is called from everywhere, and what it does.
///
/// From these definitions come the JSON-RPC methods, the REST routes and what describes them.
public struct CommandDefinition: Sendable {
    /// `noun.verb`.
    public let method: String
    /// One sentence.
    public let summary: String
    public let parameters: [Field]
    public let result: Schema
    public let http: [HTTPBinding]
    /// Other modules call it within a step of theirs; nobody calls it from outside.
    var isStep = false
    /// What it is refused for besides what any command can be, where it says so (`refusing`).
    private(set) var declaredRefusals: Set<Refusal.Code> = []
    let prefetch: @Sendable (JSONObject) -> [EntityReference]
    let body: Body

    enum Body: Sendable {
        case query(@Sendable (JSONObject, Store) async throws(Refusal) -> Answer)
        case change(@Sendable (JSONObject, UnitOfWork) async throws(Refusal) -> JSONValue)
    }

    public var isQuery: Bool {
        switch body {
        case .query: true
        case .change: false
        }
    }

    /// A command that only reads.
    public static func query(
        _ method: String, _ summary: String, _ parameters: [Field] = [], returns result: Schema,
        http: [HTTPBinding] = [],
        _ run: @escaping @Sendable (JSONObject, Store) async throws(Refusal) -> Answer
    ) -> CommandDefinition {
        CommandDefinition(
            method: method, summary: summary, parameters: parameters, result: result, http: http,
            prefetch: { _ in [] }, body: .query(run))
    }

    /// A command that decides on events. It may be run again when the state that it read has changed meanwhile.
    /// - Parameter prefetch: the entities that it will ask for, so that they come in one round trip.
    public static func change(
        _ method: String, _ summary: String, _ parameters: [Field], returns result: Schema,
        http: [HTTPBinding] = [],
        prefetch: @escaping @Sendable (JSONObject) -> [EntityReference] = { _ in [] },
        _ run: @escaping @Sendable (JSONObject, UnitOfWork) async throws(Refusal) -> JSONValue
    ) -> CommandDefinition {
        CommandDefinition(
            method: method, summary: summary, parameters: parameters, result: result, http: http,
            prefetch: prefetch, body: .change(run))
    }

    /// A command for other modules only, as a part of a step of theirs: by itself it would leave the shop half changed.
    public static func step(
        _ method: String, _ summary: String, _ parameters: [Field],
        prefetch: @escaping @Sendable (JSONObject) -> [EntityReference] = { _ in [] },
        _ run: @escaping @Sendable (JSONObject, UnitOfWork) async throws(Refusal) -> JSONValue
    ) -> CommandDefinition {
        var step = change(method, summary, parameters, returns: .anything, prefetch: prefetch, run)
        step.isStep = true
        return step
    }

    /// The same command, which says what else it is refused for.
    public func refusing(_ codes: Refusal.Code...) -> CommandDefinition {
        var command = self
        command.declaredRefusals.formUnion(codes)
        return command
    }

    /// What a call can be refused for. Each of it is provoked by a test.
    public var refusals: Set<Refusal.Code> {
        let always: Set<Refusal.Code> = [.invalid, .forbidden, .unavailable, .internalError]
        if isQuery { return always.union([.notFound, .trimmed]).union(declaredRefusals) }
        let ofOne: Set<Refusal.Code> = [.notFound, .revisionMismatch]
        return always.union([.moduleDisabled, .keyReused, .outcomeUnknown])
            .union(parameters.contains { $0.name == "id" } ? ofOne : []).union(declaredRefusals)
    }

    func check(_ parameters: JSONObject) throws(Refusal) {
        let violations = self.parameters.violations(in: .object(parameters))
        if !violations.isEmpty { throw Refusal(violations) }
    }
}

/// What a query answers.
public enum Answer: Sendable {
    case value(JSONValue)
    /// JSON text already: entities go out as they stand in their events.
    case text([UInt8])
    /// An entity as it stands in its last event, and that event's id.
    case entity([UInt8], revision: EventID)
    /// Some of a list, and where the rest begins.
    case page(ListPage)
    /// Chunks that are one JSON text together: long lists, which are never held whole.
    case stream(JSONChunks)
}

/// A REST route to a command. The parameters in the path and the members of the body are the command's parameters.
public struct HTTPBinding: Sendable, Hashable {
    public enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
    }

    public enum Body: Sendable, Hashable {
        case none
        /// One object.
        case object
        /// One object, or nothing for an empty one.
        case optionalObject
        /// One object or an array of objects, done in one step; the answer is the array of results.
        case batch
    }

    public let method: Method
    /// With parameters in braces: `/customer/{id}`.
    public let path: String
    public let body: Body

    public init(_ method: Method, _ path: String, body: Body = .none) {
        self.method = method
        self.path = path
        self.body = body
    }
}
