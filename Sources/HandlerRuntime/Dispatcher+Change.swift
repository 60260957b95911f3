import EventStore
import JSON

// How commands are decided and appended.
//
// A command is decided on what was loaded or written last, without asking Redis: that it is still so is checked in the
// step that appends. Only where something else than a step would come of that (a refusal, no change) or where the step
// is refused, the command is decided again on what is loaded anew. Commands that want to change the same at the same
// moment queue up, and are decided and appended together.

extension Dispatcher {
    static let maxAttempts = 100

    /// Decides on the present state and appends what was decided; decides again when the state has changed meanwhile.
    func change(_ request: CommandRequest) async throws(Refusal) -> Reply {
        try request.check()
        return try await rightOfWay.withCommand { () async throws(Refusal) in try await settle(request) }
    }

    private func settle(_ request: CommandRequest) async throws(Refusal) -> Reply {
        var recalls = true
        // It may only look at them; the others are known to want them.
        var entities = contended.wanted(of: request.references.lazy.compactMap(\.key))
        for _ in 0..<Self.maxAttempts {
            if let reply = try await keptReply(to: request) { return reply }
            if !entities.isEmpty {
                switch await contended.join(request, wanting: entities, { await self.decide($0) }) {
                case .done(let result): return try result.get()
                case .again: continue
                }
            }
            switch try await attempt(request, recalling: recalls) {
            case .done(let reply): return reply
            case .outdated: recalls = false
            case .contended(let changed): entities = changed
            }
        }
        throw tooContended(entities)
    }

    private func tooContended(_ entities: Set<EntityKey>) -> Refusal {
        Refusal(
            .unavailable, "too many commands want the same thing at this moment: try again",
            retryAfter: .seconds(1),
            details: JSONObject([("entities", .array(entities.map(\.description).sorted().map { .string($0) }))]))
    }

    /// The answer of the first time, where the client's name for the command is known.
    private func keptReply(to request: CommandRequest) async throws(Refusal) -> Reply? {
        guard let key = request.terms.key else { return nil }
        let kept: KeptAnswer?
        do { kept = try await store.keptAnswer(key.text) } catch { throw Refusal(error) }
        guard let kept else { return nil }
        return Reply(.value(try kept.answer(to: request.fingerprint)), isReplayed: true)
    }

    // MARK: By itself

    private enum Attempt {
        case done(Reply)
        /// What was recalled is not what is, or cannot be answered with.
        case outdated
        /// The state has changed, or others are about to change it: queue up for these.
        case contended(Set<EntityKey>)
    }

    private func attempt(_ request: CommandRequest, recalling: Bool) async throws(Refusal) -> Attempt {
        let unit = unitOfWork()
        unit.recalls = recalling
        let answer: JSONValue
        do { answer = try await decide(request, in: unit) } catch {
            if unit.hasRecalled { return .outdated }
            throw error
        }
        if unit.isEmpty {
            return unit.hasRecalled
                ? .outdated : .done(Reply(.value(answer), revision: unit.revision(at: unit.mark, after: [])))
        }
        let changed = unit.changed
        if !contended.wanted(of: changed).isEmpty { return .contended(changed) }
        let outcome: TransactionOutcome
        do {
            outcome = try await append(
                keeping([(request, answer)], in: unit.transaction), by: CollectionOfOne(request.origin))
        } catch { throw Refusal(error) }
        switch outcome {
        case .committed(let ids):
            FaultPoint.answer(request.command.method)
            committed(unit.streams)
            return .done(Reply(.value(answer), revision: unit.revision(at: unit.mark, after: ids)))
        case .conflict: return unit.hasRecalled ? .outdated : .contended(changed)
        }
    }

    private func decide(_ request: CommandRequest, in unit: UnitOfWork) async throws(Refusal) -> JSONValue {
        unit.begin(by: request.origin, on: request.terms)
        try await unit.prefetch(request.references)
        var results: [JSONValue] = []
        for parameters in request.objects { results.append(try await run(request.command, parameters, in: unit)) }
        // Whoever forgets to look must not do what the client did not want.
        if unit.isExpectationUnmet { throw request.unexpecting }
        return request.answer(results)
    }

    /// The transaction with the answers that are to be kept.
    private func keeping(
        _ answers: [(request: CommandRequest, answer: JSONValue)], in transaction: Transaction
    ) -> Transaction {
        var transaction = transaction
        for (request, answer) in answers {
            guard let key = request.terms.key else { continue }
            transaction = store.keeping(
                KeptAnswer(to: request.fingerprint, answer), as: key.text, for: options.value.answersKept,
                in: transaction)
        }
        return transaction
    }

    // MARK: Together

    /// What was decided for one of several commands.
    private struct Decided {
        let result: Result<JSONValue, Refusal>
        let mark: UnitOfWork.Mark
        /// Whether it has something to append.
        let isChange: Bool
    }

    /// Decides commands one after the other, each on what those before it have decided, and appends it all in one step.
    /// - Returns: how many of them it took, from the first on.
    private func decide(_ waiting: ArraySlice<ContendedCommands.Waiting>) async -> Int {
        let some = waiting.prefix(together(waiting.map(\.request)))
        var taken = some
        for attempt in 0..<Self.maxAttempts {
            let unit = unitOfWork()
            unit.recalls = attempt == 0
            let decided = await decide(some, in: unit)
            taken = some.prefix(decided.count)
            if unit.hasRecalled, decided.contains(where: { !$0.isChange }) { continue }
            if unit.isEmpty {
                answer(taken, decided, in: unit, after: [])
                return taken.count
            }
            switch await append(taken, decided, of: unit) {
            case .success(.committed(let ids)):
                committed(unit.streams)
                answer(taken, decided, in: unit, after: ids)
                return taken.count
            case .success(.conflict(.presence)):
                // One of them was done before, under its client's name for it.
                for command in taken { command.resume(.again) }
                return taken.count
            case .success(.conflict): continue
            case .failure(let error):
                for command in taken { command.resume(.done(.failure(Refusal(error)))) }
                return taken.count
            }
        }
        for command in taken { command.resume(.done(.failure(tooContended(command.entities)))) }
        return taken.count
    }

    /// How many of the requests may go into one step. Who expects a revision goes alone: what is changed for others in
    /// the same step has none yet. And no client's name for a command twice: the second is to get the first's answer.
    private func together(_ requests: [CommandRequest]) -> Int {
        var names: Set<IdempotencyKey> = []
        for (index, request) in requests.enumerated() {
            if request.terms.expected != nil { return max(1, index) }
            if let name = request.terms.key, !names.insert(name).inserted { return index }
        }
        return requests.count
    }

    /// A step with more events takes no further command.
    private static let maxEvents = 128

    private func decide(
        _ commands: ArraySlice<ContendedCommands.Waiting>, in unit: UnitOfWork
    ) async -> [Decided] {
        // What cannot be read for one of them is found out, and said, when it is that one's turn.
        try? await unit.prefetch(commands.flatMap(\.request.references))
        var decided: [Decided] = []
        for request in commands.lazy.map(\.request) {
            if unit.events.count >= Self.maxEvents { break }
            let before = unit.savepoint()
            let count = unit.events.count
            var result: Result<JSONValue, Refusal>
            do throws(Refusal) { result = .success(try await decide(request, in: unit)) } catch {
                unit.rollBack(to: before)
                result = .failure(error)
            }
            decided.append(Decided(result: result, mark: unit.mark, isChange: unit.events.count > count))
        }
        return decided
    }

    private func append(
        _ commands: ArraySlice<ContendedCommands.Waiting>, _ decided: [Decided], of unit: UnitOfWork
    ) async -> Result<TransactionOutcome, StoreError> {
        let answers = zip(commands, decided).compactMap { command, decided in
            (try? decided.result.get()).map { (request: command.request, answer: $0) }
        }
        do {
            return .success(
                try await append(keeping(answers, in: unit.transaction), by: answers.lazy.map(\.request.origin)))
        } catch { return .failure(error) }
    }

    private func answer(
        _ commands: ArraySlice<ContendedCommands.Waiting>, _ decided: [Decided], in unit: UnitOfWork,
        after ids: [EventID]
    ) {
        for (command, decided) in zip(commands, decided) {
            if decided.isChange { FaultPoint.answer(command.request.command.method) }
            let revision = unit.revision(at: decided.mark, after: ids)
            command.resume(.done(decided.result.map { Reply(.value($0), revision: revision) }))
        }
    }
}
