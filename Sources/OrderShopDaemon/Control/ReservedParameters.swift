import EventStore
import HandlerRuntime
import JSON

/// Parameters that commands take beside their own, over the socket: what header fields say over REST.
enum ReservedParameters {
    private static let key = Field(
        "idempotency_key", .line(1...255), required: false,
        "your own name for this call: a repeat gets the first answer")
    private static let expected = Field(
        "expected_revision", .eventID, required: false, "refuse it unless the entity's last event is this one")

    /// Those that a command takes.
    static func fields(of command: CommandDefinition) -> [Field] {
        if command.isQuery { return [] }
        return command.parameters.contains { $0.name == "id" } ? [key, expected] : [key]
    }

    /// - Returns: what they say, and the command's own parameters.
    static func split(_ parameters: JSONObject) throws(Refusal) -> (Terms, JSONObject) {
        let names = [key.name, expected.name]
        guard names.contains(where: { parameters[$0] != nil }) else { return (.none, parameters) }
        let rest = JSONObject(parameters.members.filter { !names.contains($0.key) }.map { ($0.key, $0.value) })
        return (
            Terms(
                key: try parameters[key.name]?.string.map(read),
                expected: parameters[expected.name]?.string.flatMap { EventID($0) }.map { [$0] }), rest
        )
    }

    private static func read(_ text: String) throws(Refusal) -> IdempotencyKey {
        guard let key = IdempotencyKey(text) else {
            throw Refusal([Violation("/\(Self.key.name)", "must have \(IdempotencyKey.expected)")])
        }
        return key
    }
}
