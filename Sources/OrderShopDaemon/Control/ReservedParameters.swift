import EventStore
import HandlerRuntime
import JSON
import Traces

/// Parameters that commands take beside their own, over the socket: what header fields say over REST.
struct ReservedParameters {
    let terms: Terms
    /// The caller's trace; nil: none, or one that is malformed.
    let trace: TraceContext?
    /// The command's own parameters.
    let rest: JSONObject

    private static let key = Field(
        "idempotency_key", .line(1...255), required: false,
        "your own name for this call: a repeat gets the first answer")
    private static let expected = Field(
        "expected_revision", .eventID, required: false, "refuse it unless the entity's last event is this one")

    /// Not checked: as W3C Trace Context has it, one that is malformed counts as none.
    private static let traceparent = Field(
        "traceparent", .line(0...512).example("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        required: false, "the caller's trace, as in W3C Trace Context")
    private static let names = [key, expected, traceparent].map(\.name)

    /// Those that a command takes.
    static func fields(of command: CommandDefinition) -> [Field] {
        if command.isQuery { return [traceparent] }
        return command.parameters.contains { $0.name == "id" } ? [key, expected, traceparent] : [key, traceparent]
    }

    /// Takes them out of the parameters of a call.
    init(in parameters: JSONObject) throws(Refusal) {
        guard Self.names.contains(where: { parameters[$0] != nil }) else {
            (terms, trace, rest) = (.none, nil, parameters)
            return
        }
        terms = Terms(
            key: try parameters[Self.key.name]?.string.map(Self.read),
            expected: parameters[Self.expected.name]?.string.flatMap { EventID($0) }.map { [$0] })
        trace = parameters[Self.traceparent.name]?.string.flatMap { TraceContext(traceparent: $0) }
        let own = parameters.members.filter { !Self.names.contains($0.key) }
        rest = JSONObject(own.map { ($0.key, $0.value) })
    }

    private static func read(_ text: String) throws(Refusal) -> IdempotencyKey {
        guard let key = IdempotencyKey(text) else {
            throw Refusal([Violation("/\(Self.key.name)", "must have \(IdempotencyKey.expected)")])
        }
        return key
    }
}
