import EventStore
import HandlerRuntime
import JSON

/// `event.…` and `entity.…`: what happened.
extension ControlMethod {
    static func events(_ history: History) -> [ControlMethod] {
        let limit = Field("limit", .integer(1...1_000), required: false, "at most so many; 100")
        let entity = Field("entity", .entityKey, "the entity, as TOPIC:ID")
        return [
            ControlMethod(
                "event.list", "Events in the order of the shop: those behind a place, or the last ones.",
                EventFilter.fields + [
                    Field("after", .moment, required: false, "only those behind this place"),
                    Field("before", .moment, required: false, "only those up to this place"),
                    Field("last", .boolean, required: false, "the last ones, still in order"), limit,
                ], returns: .objects
            ) { parameters throws(Refusal) in
                let filter = try EventFilter(parameters, history.store)
                let (after, before) = (parameters.moment("after"), parameters.moment("before"))
                let count = Int(parameters["limit"]?.number?.int64 ?? 100)
                let found =
                    parameters["last"] == true
                    ? try await history.last(filter, after: after, before: before, count: count)
                    : try await history.next(filter, after: after, before: before, count: count)
                return .array(found.map { .object($0.json) })
            },
            ControlMethod(
                "entity.history", "The events of one entity, the newest first.", [entity] + EntityPast.pageFields,
                returns: EntityPast.historySchema
            ) { parameters throws(Refusal) in
                try await parameters.past(in: history.store).history(parameters)
            },
            ControlMethod(
                "entity.state", "An entity as it is, or as it was at some time.",
                [entity, Field("at", .moment, required: false, "when; now")],
                returns: .any([("type", ["object", "null"])])
            ) { parameters throws(Refusal) in
                let past = try parameters.past(in: history.store)
                let state = try await past.state(at: parameters.moment("at") ?? .latest)
                return state?.decoded().map { .object($0) } ?? .null
            },
            ControlMethod(
                "entity.revision",
                "The id of an entity's last event, which a command may expect; null where there is no such entity.",
                [entity], returns: Schema.eventID.orNull
            ) { parameters throws(Refusal) in
                guard let key = EntityKey(parameters.text("entity")) else { return .null }
                do throws(StoreError) {
                    let state = try await history.store.load([.id(key.topic, key.id)]).first ?? nil
                    return state.flatMap { $0.exists ? .string($0.revision.description) : nil } ?? .null
                } catch { throw Refusal(error) }
            },
            ControlMethod(
                "entity.diff", "What is not as it was between two times: each member before and after.",
                [entity] + EntityPast.differenceFields, returns: EntityPast.differenceSchema
            ) { parameters throws(Refusal) in
                try await parameters.past(in: history.store).difference(parameters)
            },
        ]
    }
}

extension JSONObject {
    /// What became of the entity that is named.
    fileprivate func past(in store: Store) throws(Refusal) -> EntityPast {
        guard let key = EntityKey(text("entity")),
            let topic = store.topics.first(where: { $0.topic == key.topic })
        else {
            let known = store.topics.map(\.topic.name).joined(separator: ", ")
            throw Refusal([Violation("/entity", "must be of a topic that there is: \(known)")])
        }
        return EntityPast(topic, key.id, in: store)
    }
}
