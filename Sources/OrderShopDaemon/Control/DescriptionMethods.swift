import HandlerRuntime
import JSON

/// `rpc.…`: what there is to call.
extension ControlMethod {
    /// - Parameter methods: the others.
    static func description(of methods: [ControlMethod], _ registry: Registry) -> [ControlMethod] {
        // They describe themselves, too.
        let own = Self.description(MethodTable([], registry))
        return Self.description(MethodTable(methods + own, registry))
    }

    private static func description(_ table: MethodTable) -> [ControlMethod] {
        let (list, document) = (list(of: table), OpenRPC.document(of: table))
        return [
            ControlMethod("rpc.ping", "Whether the socket answers.", returns: .yes) { _ in true },
            ControlMethod("rpc.methods", "Every method, with what it takes as JSON Schema.", returns: .objects) {
                _ in
                list
            },
            ControlMethod("rpc.discover", "Everything about every method: an OpenRPC document.") { _ in document },
            ControlMethod(
                "rpc.check", "Checks a call as far as that can be done without doing it.",
                [
                    Field("method", Schema.line(1...100).example("rpc.methods"), "the method"),
                    Field("params", .any([("type", "object")]), required: false, "its parameters"),
                ],
                returns: .yes
            ) { parameters, caller throws(Refusal) in
                guard let object = (parameters["params"] ?? [:]).object else {
                    throw Refusal([Violation("/params", "must be an object: parameters go by name")])
                }
                _ = try table.check(parameters.text("method"), object, as: caller.role)
                return true
            },
        ]
    }

    private static func list(of table: MethodTable) -> JSONValue {
        .array(
            table.rows.map { row in
                [
                    "name": .string(row.name), "summary": .string(row.summary), "role": .string(row.role.name),
                    "module": row.module.map { .string($0) } ?? .null,
                    "params": .object(Schema.object(row.parameters).description),
                ]
            })
    }
}
