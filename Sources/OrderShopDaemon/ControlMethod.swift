import HandlerRuntime
import JSON

/// A method that controls the daemon.
struct ControlMethod: Sendable {
    let name: String
    let summary: String
    let parameters: [Field]
    let run: @Sendable (JSONObject) async throws(Refusal) -> JSONValue

    init(
        _ name: String, _ summary: String, _ parameters: [Field] = [],
        run: @escaping @Sendable (JSONObject) async throws(Refusal) -> JSONValue
    ) {
        self.name = name
        self.summary = summary
        self.parameters = parameters
        self.run = run
    }

    static func all(supervisor: Supervisor, status: DaemonStatus) -> [ControlMethod] {
        let module = [Field("name", .line(1...100), "the module's name")]
        let own = [
            ControlMethod("daemon.status", "How the daemon, its modules and its Redis are.") { _ in
                await status.json()
            },
            ControlMethod("module.list", "The modules and what each of them does.") { _ in
                await status.modules()
            },
            ControlMethod("module.enable", "Switches a module on; it goes on at its checkpoint.", module) {
                parameters throws(Refusal) in
                try await supervisor.setEnabled(true, module: parameters["name"]?.string ?? "")
                return true
            },
            ControlMethod(
                "module.disable", "Switches a module off; nothing that happens meanwhile is lost.", module
            ) {
                parameters throws(Refusal) in
                try await supervisor.setEnabled(false, module: parameters["name"]?.string ?? "")
                return true
            },
            ControlMethod("module.rebuild", "Writes a module's entity cache anew from the events.", module) {
                parameters throws(Refusal) in
                let count = try await supervisor.rebuildCache(of: parameters["name"]?.string ?? "")
                return ["entities": .number(JSONNumber(Int64(count)))]
            },
        ]
        return own + [list(of: own, supervisor.registry)]
    }

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
