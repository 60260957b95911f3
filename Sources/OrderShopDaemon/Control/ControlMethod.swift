import HandlerRuntime
import JSON

/// A method that controls the daemon.
struct ControlMethod: Sendable {
    let name: String
    let summary: String
    let parameters: [Field]
    let run: @Sendable (JSONObject) async throws(Refusal) -> JSONValue

    /// Whether it does more than look.
    var isChange: Bool {
        let verb = name.split(separator: ".").last.map(String.init) ?? name
        return !["status", "list", "show", "preview", "verify", "methods", "ping"].contains(verb)
    }

    init(
        _ name: String, _ summary: String, _ parameters: [Field] = [],
        run: @escaping @Sendable (JSONObject) async throws(Refusal) -> JSONValue
    ) {
        self.name = name
        self.summary = summary
        self.parameters = parameters
        self.run = run
    }

    /// Every group of methods has a file of its own.
    static func all(supervisor: Supervisor, status: DaemonStatus, past: ShopPast) -> [ControlMethod] {
        let own =
            daemon(status) + modules(supervisor, status) + parked(supervisor) + Self.past(past)
            + projections(past.store) + [ping]
        return own + [list(of: own, supervisor.registry)]
    }

    private static func daemon(_ status: DaemonStatus) -> [ControlMethod] {
        [
            ControlMethod("daemon.status", "How the daemon, its modules and its Redis are.") { _ in
                await status.json()
            }
        ]
    }

    private static let ping = ControlMethod("rpc.ping", "Whether the socket answers.") { _ in true }

    private static func list(of own: [ControlMethod], _ registry: Registry) -> ControlMethod {
        let described =
            own.map { ($0.name, $0.summary, $0.parameters) }
            + registry.commands.values.map {
                ($0.definition.method, $0.definition.summary, $0.definition.parameters)
            }
        let methods = described.sorted { $0.0 < $1.0 }.map { name, summary, parameters -> JSONValue in
            [
                "name": .string(name), "summary": .string(summary),
                "params": .object(Schema.object(parameters).description),
            ]
        }
        return ControlMethod("rpc.methods", "Every method, with what it takes as JSON Schema.") { _ in
            .array(methods)
        }
    }
}
