import HandlerRuntime
import JSON

/// The one table of all that can be called: the commands of the modules and the methods of the daemon.
struct MethodTable: Sendable {
    /// One row: what there is to know of a method without calling it.
    struct Row: Sendable {
        let name: String
        let summary: String
        let parameters: [Field]
        let result: Schema
        let role: Role
        /// The module that must be on for it; nil: the daemon's own.
        let module: String?
        let isQuery: Bool
        /// What a call can be refused for.
        let codes: Set<Refusal.Code>
    }

    /// By name.
    let rows: [Row]
    private let byName: [String: Row]

    init(_ methods: [ControlMethod], _ registry: Registry) {
        let own = methods.map {
            Row(
                name: $0.name, summary: $0.summary, parameters: $0.parameters, result: $0.result, role: $0.role,
                module: nil, isQuery: $0.role == .viewer, codes: Row.ownRefusals)
        }
        let commands = registry.commands.values.map(Row.init)
        rows = (own + commands).sorted { $0.name < $1.name }
        byName = Dictionary(uniqueKeysWithValues: rows.map { ($0.name, $0) })
    }

    subscript(name: String) -> Row? { byName[name] }

    /// - Throws: what a call with these parameters would be refused for, as far as that can be seen beforehand.
    func check(_ name: String, _ parameters: JSONObject, as role: Role?) throws(Refusal) -> Row {
        guard let row = byName[name] else {
            throw Refusal(
                .unknownMethod, "there is no method \(name.prefix(100)): rpc.methods lists those that are")
        }
        guard let role, role >= row.role else {
            throw Refusal(
                .forbidden,
                "\(name) takes the role \(row.role.name), and you have \(role.map { "the role \($0.name)" } ?? "none"): "
                    + "an administrator can give it in the settings, under control")
        }
        let violations = row.parameters.violations(in: .object(parameters))
        if !violations.isEmpty { throw Refusal(violations) }
        return row
    }
}

extension MethodTable.Row {
    /// A command of a module.
    init(_ module: String, _ command: CommandDefinition) {
        self.init(
            name: command.method, summary: command.summary,
            parameters: command.parameters + ReservedParameters.fields(of: command), result: command.result,
            role: command.role, module: module, isQuery: command.isQuery, codes: command.refusals)
    }

    /// What a method of the daemon can be refused for.
    fileprivate static let ownRefusals: Set<Refusal.Code> = [
        .invalid, .notFound, .conflict, .trimmed, .tooLarge, .forbidden, .unavailable, .internalError,
    ]

    /// In the order in which codes are told of.
    var refusals: [Refusal.Code] { Refusal.Code.allCases.filter { codes.contains($0) } }
}
