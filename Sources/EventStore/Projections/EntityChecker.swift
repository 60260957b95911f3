import NIOCore
import Redis

/// Compares what is kept of entities with what must be, in steps inside Redis.
struct EntityChecker: Sendable {
    let store: Store
    let topic: Topic
    let isMending: Bool

    struct Result: Sendable {
        var differences: [Difference] = []
        /// How many were compared.
        var count = 0
        /// How many were not as they must be, or just changing.
        var suspects = 0
        /// Entities that changed each time that they were to be compared.
        var unsettled = 0
    }

    /// A step is bounded by what Redis can do in about a millisecond.
    private static let maxEntities = 250
    private static let maxArguments = 5_000
    private static let maxAttempts = 10

    private var cache: EntityCache { EntityCache(keys: store.keys) }

    /// Compares what is kept of entities with what their last events say.
    func check(_ events: [FoldedEvent], isGlancing: Bool = true) async throws(StoreError) -> Result {
        try await check(events.compactMap { expectation(of: $0) }, isGlancing: isGlancing)
    }

    /// nil where the event's text is no entity: nothing can be said of what must be kept of it.
    private func expectation(of event: FoldedEvent) -> EntityExpectation? {
        EntityExpectation(
            String(buffer: event.entityID), event.id, event.action, birth: event.birth, event.entity, of: topic,
            in: cache)
    }

    /// Most are as they must be, so first a look is taken that costs Redis little. What does not seem right is then
    /// compared in one step with its revision, as it may just be changing; one that has a later event by now is
    /// compared again, with what that event says.
    /// - Parameter isGlancing: false where most are expected to be wrong.
    func check(
        _ expectations: [EntityExpectation], isGlancing: Bool = true
    ) async throws(StoreError) -> Result {
        try Store.checkCancellation()
        var result = Result(count: expectations.count)
        var waiting = isGlancing ? try await store.glance(at: expectations, of: topic) : expectations
        result.suspects = waiting.count
        for _ in 0..<Self.maxAttempts where !waiting.isEmpty {
            var again: [EntityExpectation] = []
            for batch in batches(of: waiting) { again += try await check(batch, &result) }
            waiting = again
        }
        result.unsettled = waiting.count
        return result
    }

    private func batches(of expectations: [EntityExpectation]) -> [ArraySlice<EntityExpectation>] {
        var batches: [ArraySlice<EntityExpectation>] = []
        var (start, size) = (0, 0)
        for (index, expectation) in expectations.enumerated() {
            if index - start == Self.maxEntities || size + expectation.size > Self.maxArguments, index > start {
                batches.append(expectations[start..<index])
                (start, size) = (index, 0)
            }
            size += expectation.size
        }
        return batches + [expectations[start...]]
    }

    /// - Returns: those that have a later event.
    private func check(
        _ batch: ArraySlice<EntityExpectation>, _ result: inout Result
    ) async throws(StoreError) -> [EntityExpectation] {
        let keys = store.keys
        let reply = try await store.run(store.scripts.check) { command in
            command.append(isMending ? "1" : "0")
            command.append(keys.entityIDs(topic))
            command.append(keys.revisions(topic))
            command.append(keys.stream(StreamKey(topic, "")))
            command.append(keys.snapshot(topic))
            command.append(keys.entity(topic, ""))
            command.append("\(keys.prefix)\(topic)_")
            command.append(batch.count)
            for expectation in batch { command.append(expectation.id) }
            for expectation in batch { expectation.append(to: &command) }
        }
        guard let findings = reply.array else { throw store.unexpected(reply) }
        result.suspects -= batch.count - findings.count
        return try read(findings, batch, &result)
    }

    private func read(
        _ findings: [RedisValue], _ batch: ArraySlice<EntityExpectation>, _ result: inout Result
    ) throws(StoreError) -> [EntityExpectation] {
        var later: [EntityExpectation] = []
        for finding in findings {
            let words = finding.array ?? [finding, .null, .integer(0), .array([])]
            guard words.count >= 4, let number = words[0].int,
                batch.indices.contains(batch.startIndex + Int(number) - 1)
            else { throw store.unexpected(finding) }
            let expectation = batch[batch.startIndex + Int(number) - 1]
            if let action = words[2].string, let revision = words[1].string.flatMap({ EventID($0) }) {
                let read = store.catalogue.read(
                    words[3].buffer ?? ByteBuffer(), of: topic, schema: words.count > 4 ? words[4].buffer : nil)
                let event = EntityExpectation(
                    expectation.id, revision, Action(action), birth: "", read.text, of: topic, in: cache)
                later += event.map { [$0] } ?? []
            } else {
                result.differences += expectation.differences(words.dropFirst(), topic, store.keys)
            }
        }
        return later
    }

    /// The same as a result, for a task of its own.
    func checked(_ events: [FoldedEvent], isGlancing: Bool) async -> Swift.Result<Result, StoreError> {
        await result { () async throws(StoreError) in try await check(events, isGlancing: isGlancing) }
    }

    // MARK: Keys of properties

    struct PropertyKey: Sendable {
        let key: String
        let property: String
        let id: String
    }

    /// Those of the keys that their entities do not have. Deleted where mending.
    func strays(among properties: [PropertyKey]) async throws(StoreError) -> [String] {
        let candidates = Set(try await unnamed(properties, isMending: false))
        let suspects = properties.filter { candidates.contains($0.key) }
        // Where the hash is wrong, it may have to name them.
        let strays = zip(suspects, try await store.load(suspects.map { .id(topic, $0.id) })).filter {
            suspect, state in
            guard let state, state.exists, let entity = state.decoded() else { return true }
            return !cache.image(topic, suspect.id, entity).properties.contains { $0.key == suspect.key }
        }
        return try await isMending ? unnamed(strays.map(\.0), isMending: true) : strays.map(\.0.key)
    }

    /// Those of the keys that the hashes of their entities do not name.
    private func unnamed(_ properties: [PropertyKey], isMending: Bool) async throws(StoreError) -> [String] {
        if properties.isEmpty { return [] }
        let reply = try await store.run(store.scripts.strays) { command in
            command.append(isMending ? "1" : "0")
            for property in properties {
                command.append(store.keys.entity(topic, property.id))
                command.append(property.property)
                command.append(property.key)
            }
        }
        return (reply.array ?? []).compactMap(\.string)
    }
}
