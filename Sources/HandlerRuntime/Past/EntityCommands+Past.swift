import EventStore
import JSON

extension EntityCommands {
    /// What happened to it.
    public var history: CommandDefinition {
        .query(
            "\(noun).history", "What happened to one \(noun), the newest first.", [id] + EntityPast.pageFields,
            returns: EntityPast.historySchema, http: below("history")
        ) { parameters, store throws(Refusal) in
            .value(try await past(parameters, store).history(parameters))
        }
    }

    /// What has changed between two times.
    public var difference: CommandDefinition {
        .query(
            "\(noun).diff", "What is not as it was between two times: each member before and after.",
            [id] + EntityPast.differenceFields, returns: EntityPast.differenceSchema, http: below("diff")
        ) { parameters, store throws(Refusal) in
            .value(try await past(parameters, store).difference(parameters))
        }
    }

    func past(_ parameters: JSONObject, _ store: Store) -> EntityPast {
        EntityPast(E.definition, parameters["id"]?.string ?? "", in: store)
    }

    private func below(_ word: String) -> [HTTPBinding] {
        plural == nil ? [] : [HTTPBinding(.get, "/\(noun)/{id}/\(word)")]
    }
}
