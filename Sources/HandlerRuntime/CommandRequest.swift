import EventStore
import JSON

/// A command that is to be run, for one object or several.
struct CommandRequest: Sendable {
    let command: CommandDefinition
    let objects: [JSONObject]
    /// Whether the answer is an array, also for one object.
    let isBatch: Bool
    let origin: Origin
    let terms: Terms

    var fingerprint: Fingerprint {
        let objects = objects.map { JSONValue.object($0) }
        return Fingerprint(command.method, isBatch ? .array(objects) : objects[0])
    }

    /// What it will ask for, as far as it says so.
    var references: [EntityReference] { objects.flatMap(command.prefetch) }

    func answer(_ results: [JSONValue]) -> JSONValue { isBatch ? .array(results) : results[0] }

    /// - Throws: where the terms do not fit the command.
    func check() throws(Refusal) {
        guard terms.expected != nil else { return }
        guard !isBatch, command.parameters.contains(where: { $0.name == "id" }) else { throw unexpecting }
    }

    var unexpecting: Refusal {
        Refusal(
            .invalid,
            "\(command.method) is about no one entity that is there already: leave out which revision it is "
                + "expected at")
    }
}
