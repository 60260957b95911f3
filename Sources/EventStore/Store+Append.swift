import Logging
import Redis
import Synchronization

extension Store {
    /// Runs a transaction in one atomic step.
    ///
    /// A connection that is lost before the answer leaves the outcome unknown. Then the same transaction is sent
    /// again: every event expects the revision of its entity, so at most one of the two can have happened, and
    /// where the second is refused the streams say whether the first was written.
    /// - Throws: `unavailable`: nothing was written. `outcomeUnknown`: Redis did not come back in time to tell.
    public func transact(_ transaction: Transaction) async throws(StoreError) -> TransactionOutcome {
        let before = seen.withLock(\.self)
        for event in transaction.events {
            if let sequence = event.sequence { try requireWhole(sequence.readModel) }
        }
        let transaction = try await hashed(sealed(transaction))
        defer { for subject in transaction.destroyedKeys { personalKeys.forget(subject) } }
        let outcome: TransactionOutcome
        do {
            outcome = try await attempt(transaction)
        } catch  where error.code == .outcomeUnknown {
            outcome = try await resolve(transaction, writtenAfter: before, error)
        }
        remember(transaction, outcome)
        return outcome
    }

    /// Runs many independent transactions in one call. One that conflicts or fails does not touch the others.
    func transactEach(
        _ transactions: [Transaction]
    ) async throws(StoreError) -> [Result<TransactionOutcome, StoreError>] {
        let floor = seen.withLock(\.self)
        let call = TransactionEncoder.encode(transactions, above: floor, keys: keys, catalogue: catalogue)
        let start = ContinuousClock.now
        defer { metrics.noteCommit(took: .now - start) }
        let reply = try await withClock { () async throws(StoreError) -> RedisValue in
            try await run(scripts.transact) { $0.append(call) }
        }
        guard let replies = reply.array, replies.count == transactions.count + 1 else {
            throw unexpected(reply)
        }
        warn(about: replies.last, floor)
        return zip(transactions, replies).map { transaction, reply in
            let result = Result { () throws(StoreError) in try outcome(transaction, reply) }
            metrics.note(transaction, result)
            return result
        }
    }

    /// A Redis that has forgotten everything, the clock among it, is begun anew.
    private func withClock(
        _ body: () async throws(StoreError) -> RedisValue
    ) async throws(StoreError) -> RedisValue {
        do throws(StoreError) { return try await body() } catch {
            guard error.cause?.serverCode == .other("NOCLOCK") else { throw error }
            logger.error("Redis has lost its data, or was emptied: beginning anew with what is there")
            try await open()
            return try await body()
        }
    }

    private func attempt(_ transaction: Transaction) async throws(StoreError) -> TransactionOutcome {
        try await groupCommit.run(transaction) { [self] transactions async throws(StoreError) in
            try await transactEach(transactions)
        }
    }

    // MARK: Lost answers

    private func resolve(
        _ transaction: Transaction, writtenAfter before: EventID, _ lost: StoreError
    ) async throws(StoreError) -> TransactionOutcome {
        let deadline = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < deadline {
            do {
                return try await repeated(transaction, writtenAfter: before)
            } catch  where error.code == .unavailable || error.code == .outcomeUnknown {
                guard (try? await Task.sleep(for: .milliseconds(50))) != nil else { break }
            }
        }
        throw lost
    }

    private func repeated(
        _ transaction: Transaction, writtenAfter before: EventID
    ) async throws(StoreError) -> TransactionOutcome {
        let outcome = try await attempt(transaction)
        guard case .conflict = outcome, !transaction.events.isEmpty else { return outcome }
        let ids = try await find(transaction.events, after: before)
        return ids.map { .committed($0) } ?? outcome
    }

    /// The ids of events that were appended after a position, nil when they were not. All or none of them were.
    private func find(_ events: [NewEvent], after position: EventID) async throws(StoreError) -> [EventID]? {
        var ids: [EventID] = []
        for event in events {
            guard let id = try await find(event, after: position) else { return nil }
            ids.append(id)
        }
        return ids
    }

    private func find(_ event: NewEvent, after position: EventID) async throws(StoreError) -> EventID? {
        var position = position
        while true {
            let page = try await range(event.stream, after: position, count: 1_000)
            if let found = page.first(where: { $0.eventID == event.eventID }) { return found.id }
            guard let last = page.last else { return nil }
            position = last.id
        }
    }

    // MARK: Replies

    private func outcome(
        _ transaction: Transaction, _ reply: RedisValue
    ) throws(StoreError) -> TransactionOutcome {
        guard let fields = reply.array, let committed = fields.first?.int else { throw unexpected(reply) }
        if committed == -1, let text = fields.last?.string {
            let word = String(text.prefix { $0 != " " })
            throw StoreError(RedisError(.server(RedisError.ServerCode(word: word)), text))
        }
        guard committed == 1 else {
            return .conflict(try conflict(transaction, check: fields[1].int, actual: fields.dropFirst(2).first))
        }
        let ids = fields.dropFirst().compactMap { $0.buffer.flatMap { EventID($0) } }
        if let last = ids.last { note(last) }
        memory.withLock { $0.note(ids, of: transaction.events) }
        return .committed(ids)
    }

    private func conflict(
        _ transaction: Transaction, check: Int64?, actual: RedisValue?
    ) throws(StoreError) -> TransactionOutcome.Conflict {
        let actual = actual?.string ?? ""
        let number = Int(check ?? 0) - 1
        if transaction.expectations.indices.contains(number) {
            switch transaction.expectations[number] {
            case .revision(let topic, let id, _): return .revision(topic, id: id, actual: EventID(actual))
            case .vacant(let index, let value): return .taken(index, value: value, by: actual)
            case .exists(let key, _): return .presence(key: key)
            case .recorded(_, let stream): return .presence(key: keys.stream(stream))
            }
        }
        let position = number - transaction.expectations.count - 1
        guard let positions = transaction.checkpoint?.positions, position < positions.count else {
            throw StoreError(.unexpectedReply, "Redis refused a check that was not asked for")
        }
        return position < 0
            ? .fenced(by: Lease(actual))
            : .checkpoint(positions[position].stream, actual: EventID(actual))
    }

    private func warn(about warnings: RedisValue?, _ floor: EventID) {
        for warning in warnings?.array ?? [] {
            let words = (warning.string ?? "").split(separator: " ")
            if words.first == "BEHIND", let clock = words.last.flatMap({ EventID($0) }) {
                note(DataLoss(kept: clock, lost: floor))
                continue
            }
            logger.warning(
                "a read model could not be written: rebuild it", metadata: ["reason": "\(warning.string ?? "")"])
        }
    }

    func unexpected(_ reply: RedisValue) -> StoreError {
        StoreError(.unexpectedReply, "Redis answered in a way that is not understood: \(reply)")
    }
}
