import EventStore
import HandlerRuntime
import JSON
import Synchronization

/// `projection.…`: comparing what follows from the events with the events, and making it anew.
extension ControlMethod {
    static func projections(_ store: Store) -> [ControlMethod] {
        let topic = Schema.line(1...100).example("customer")
        return [
            ControlMethod(
                "projection.verify",
                "Folds all events afresh and compares revisions, entity cache and indexes with what comes out.",
                [
                    Field("topic", topic, required: false, "only this topic, and the indexes if it has any"),
                    Field("repair", .boolean, required: false, "put right what differs"),
                ], role: .operator
            ) { parameters throws(Refusal) in
                let topics = try parameters["topic"]?.string.map { name throws(Refusal) in
                    [try self.topic(name, store)]
                }
                return try await verify(topics ?? store.topics, store, isMending: parameters["repair"] == true)
            },
            ControlMethod(
                "projection.rebuild",
                "Makes revisions, entity cache and indexes of a topic anew from the events, without a gap for readers.",
                [Field("topic", topic, "the topic")], role: .operator
            ) { parameters throws(Refusal) in
                try await verify([try self.topic(parameters.text("topic"), store)], store, isMending: true)
            },
        ]
    }

    private static func topic(_ name: String, _ store: Store) throws(Refusal) -> TopicDefinition {
        guard let topic = store.topics.first(where: { $0.topic.name == name }) else {
            let known = store.topics.map(\.topic.name).joined(separator: ", ")
            throw Refusal([Violation("/topic", "must be one of \(known)")])
        }
        return topic
    }

    /// For the job, if it is one.
    private static func progress(
        over topics: [TopicDefinition], _ store: Store
    ) async throws(StoreError) -> @Sendable (VerifyProgress) -> Void {
        guard let reporter = Jobs.Reporter.current else { return { _ in } }
        let total = try await store.count(of: topics.flatMap(\.streams))
        let counts = Mutex<[String: Int]>([:])
        return { progress in
            let done = counts.withLock { counts in
                counts[progress.name] = progress.events
                return counts.values.reduce(0, +)
            }
            reporter.note(done: done, of: total)
        }
    }

    private static func verify(
        _ topics: [TopicDefinition], _ store: Store, isMending: Bool
    ) async throws(Refusal) -> JSONValue {
        do {
            let progress = try await progress(over: topics, store)
            return .object(try await store.verify(topics, isMending: isMending, progress: progress).json)
        } catch {
            throw Refusal(error)
        }
    }
}

extension VerifyReport {
    fileprivate var json: JSONObject {
        JSONObject([
            ("differences", .count(differences)), ("mended", .count(mended)), ("unsettled", .count(unsettled)),
            ("compared", .array(tallies.map { .object($0.json) })),
            ("examples", .array(examples.map { .object($0.json) })),
        ])
    }
}

extension VerifyTally {
    fileprivate var json: JSONObject {
        let kinds = Difference.Kind.allCases.map { ($0.rawValue, JSONValue.count(counts[$0] ?? 0)) }
        return JSONObject([("name", .string(name)), ("checked", .count(checked))] + kinds)
    }
}

extension Difference {
    fileprivate var json: JSONObject {
        var object = JSONObject([("kind", .string(kind.rawValue)), ("key", .string(key))])
        object["field"] = field.map { .string($0) }
        object["expected"] = expected.map { .string($0) }
        object["found"] = found.map { .string($0) }
        return object
    }
}
