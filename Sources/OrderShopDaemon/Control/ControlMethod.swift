import HandlerRuntime
import JSON
import JSONRPC
import Logging
import Traces

/// A method that controls the daemon.
struct ControlMethod: Sendable {
    let name: String
    let summary: String
    let parameters: [Field]
    let role: Role
    let result: Schema
    private let body: @Sendable (JSONObject, Caller) async throws(Refusal) -> JSONRPCReply

    /// Who calls, and over which connection.
    struct Caller: Sendable {
        let call: JSONRPCCall
        /// nil: none at all.
        let role: Role?
        /// What stands in the events that come of the call.
        let origin: Origin
        /// For the log.
        let description: Logger.Metadata
    }

    /// Whether it does more than look.
    var isChange: Bool { role > .viewer }

    init(
        _ name: String, _ summary: String, _ parameters: [Field] = [], role: Role = .viewer,
        returns result: Schema = .any([("type", "object")]),
        run: @escaping @Sendable (JSONObject) async throws(Refusal) -> JSONValue
    ) {
        self.init(name, summary, parameters, role: role, returns: result) { parameters, _ throws(Refusal) in
            try await run(parameters)
        }
    }

    init(
        _ name: String, _ summary: String, _ parameters: [Field] = [], role: Role = .viewer,
        returns result: Schema = .any([("type", "object")]),
        runFor: @escaping @Sendable (JSONObject, Caller) async throws(Refusal) -> JSONValue
    ) {
        self.init(name, summary, parameters, role: role, returns: result) {
            (parameters, caller) async throws(Refusal) -> JSONRPCReply in
            .value(try await runFor(parameters, caller))
        }
    }

    /// - Parameter reply: answers, and may go on behind the answer.
    init(
        _ name: String, _ summary: String, _ parameters: [Field] = [], role: Role = .viewer,
        returns result: Schema,
        reply: @escaping @Sendable (JSONObject, Caller) async throws(Refusal) -> JSONRPCReply
    ) {
        self.name = name
        self.summary = summary
        self.parameters = parameters
        self.role = role
        self.result = result
        body = reply
    }

    func run(_ parameters: JSONObject, _ caller: Caller) async throws(Refusal) -> JSONRPCReply {
        try await body(parameters, caller)
    }

    /// The result alone.
    func value(_ parameters: JSONObject, _ caller: Caller) async throws(Refusal) -> JSONValue {
        guard case .value(let value) = try await body(parameters, caller) else { return .null }
        return value
    }

    /// Every group of methods has a file of its own.
    static func all(
        _ supervisor: Supervisor, _ status: DaemonStatus, _ past: ShopPast, _ jobs: Jobs,
        _ recorder: SpanRecorder
    ) -> [ControlMethod] {
        let long = Self.past(past) + projections(past.store)
        return daemon(status) + modules(supervisor, status) + parked(supervisor)
            + imports(supervisor.dispatcher) + checkpoints(supervisor, past.store)
            + events(History(store: past.store)) + Self.jobs(jobs)
            + traces(StorySearch(store: past.store, recorder: recorder))
            + watches(supervisor, status, past.store, jobs)
            + long.map { $0.takesLong ? $0.asJob(of: jobs) : $0 }
    }

    /// Whether it goes over all events, or all archives.
    private var takesLong: Bool {
        ["retention.apply", "archive.verify", "archive.restore", "projection.verify", "projection.rebuild"]
            .contains(name)
    }
}

extension Schema {
    /// A list of objects.
    static let objects = any([("type", "array"), ("items", ["type": "object"])])
    static let object = any([("type", "object")])
    static let yes = any([("const", true)])

    static func any(_ members: [(String, JSONValue)]) -> Schema { any(JSONObject(members)) }
}
