import HandlerRuntime
import JSON
import JSONRPC

/// `import.…`: many entities at once.
extension ControlMethod {
    static func imports(_ dispatcher: HandlerRuntime.Dispatcher) -> [ControlMethod] {
        let topic = Field("topic", Schema.line(1...100).example("customer"), "what they are: customer, product …")
        let entities = Field(
            "entities", .array(of: .any([("type", "object")]), count: 1...1_000), "each as a create takes it")
        return [
            ControlMethod(
                "import.check", "What is wrong with entities that are to be created, without creating them.",
                [topic, entities], returns: .objects
            ) { parameters throws(Refusal) in
                let command = try create(parameters, dispatcher)
                let found = (parameters["entities"]?.array ?? []).enumerated().compactMap {
                    index, value -> JSONValue? in
                    guard let first = command.parameters.violations(in: value).first else { return nil }
                    let detail = ownDetail(first, parameters, dispatcher) ?? first.detail
                    return ["index": .count(index), "pointer": .string(first.pointer), "detail": .string(detail)]
                }
                return .array(found)
            },
            ControlMethod(
                "import.create", "Creates up to 1,000 entities in one step: all of them, or none.",
                [topic, entities], role: .operator,
                returns: .any([("type", "array"), ("items", ["type": "string"])])
            ) { parameters, caller throws(Refusal) in
                let method = try create(parameters, dispatcher).method
                let reply = try await dispatcher.execute(
                    method, batch: parameters["entities"]?.array ?? [], by: caller.origin)
                guard case .value(let ids) = reply.answer else { return [] }
                return ids
            },
        ]
    }

    /// What an export has and a create does not take: the shop writes it by itself.
    private static func ownDetail(
        _ violation: Violation, _ parameters: JSONObject, _ dispatcher: HandlerRuntime.Dispatcher
    ) -> String? {
        let commands = dispatcher.registry.commands
        let name = violation.pointer.dropFirst()
        let creates = commands["\(parameters.text("topic")).create"]?.definition.parameters ?? []
        let updates = commands["\(parameters.text("topic")).update"]?.definition.parameters ?? []
        guard updates.contains(where: { $0.name == name }), !creates.contains(where: { $0.name == name }) else {
            return nil
        }
        return "is given by the shop: leave it out, as \(creates.map(\.name).joined(separator: ", ")) are taken"
    }

    private static func create(
        _ parameters: JSONObject, _ dispatcher: HandlerRuntime.Dispatcher
    ) throws(Refusal) -> CommandDefinition {
        let commands = dispatcher.registry.commands
        let known = commands.keys.filter { $0.hasSuffix(".create") }.map { $0.dropLast(".create".count) }.sorted()
        guard let command = commands["\(parameters.text("topic")).create"]?.definition else {
            throw Refusal([Violation("/topic", "must be one of \(known.joined(separator: ", "))")])
        }
        return command
    }
}

extension Origin {
    /// What stands in the events that a call over the socket causes.
    init(calling call: JSONRPCCall) { self.init(uid: call.peer.map { String($0.uid) } ?? "unknown") }
}
