import NIOCore

/// Writes transactions as `transact.lua` reads them.
struct TransactionEncoder {
    private let keys: Keyspace
    private let catalogue: Catalogue
    private let cache: EntityCache
    private var tables: CallTables
    private var body: MessagePackArray

    private init(keys: Keyspace, catalogue: Catalogue, capacity: Int) {
        self.keys = keys
        self.catalogue = catalogue
        cache = EntityCache(keys: keys)
        tables = CallTables(keys: keys, catalogue: catalogue)
        body = MessagePackArray(capacity: capacity)
    }

    /// - Parameter floor: an id that Redis must not fall behind.
    static func encode(
        _ transactions: [Transaction], above floor: EventID, keys: Keyspace, catalogue: Catalogue
    ) -> ByteBuffer {
        var encoder = TransactionEncoder(keys: keys, catalogue: catalogue, capacity: transactions.count * 512)
        for transaction in transactions { encoder.add(transaction) }
        var call = MessagePackArray(capacity: encoder.body.elements.readableBytes + transactions.count * 64 + 1_024)
        call.append(floor.description)
        encoder.tables.write(to: &call)
        call.append(transactions.count)
        call.append(encoder.body)
        return call.bytes
    }

    private mutating func add(_ transaction: Transaction) {
        let size = body.reserve()
        let start = body.count
        addChecks(of: transaction)
        add(transaction.records)
        body.append(transaction.events.count + transaction.adopted.count)
        for (recorded, event) in transaction.adopted { add(event, given: recorded.id) }
        for event in transaction.events { add(event, given: nil) }
        add(transaction.writes)
        addMoves(of: transaction)
        body.fill(size, body.count - start)
    }

    // MARK: Checks

    private mutating func addChecks(of transaction: Transaction) {
        let positions = transaction.checkpoint?.positions.count ?? 0
        let sequences = Set(transaction.events.compactMap(\.sequence))
        body.append(
            transaction.expectations.count + (transaction.checkpoint == nil ? 0 : 1) + positions + sequences.count)
        for expectation in transaction.expectations { add(expectation) }
        if let checkpoint = transaction.checkpoint { addChecks(of: checkpoint) }
        for sequence in sequences { add("N", keys.sequence(sequence)) }
    }

    private mutating func addChecks(of checkpoint: CheckpointMove) {
        add("L", keys.lease(checkpoint.module), checkpoint.lease.description)
        for position in checkpoint.positions {
            add("C", keys.checkpoint(checkpoint.module), keys.stream(position.stream))
            body.append(position.from?.description ?? "")
            body.append(position.to.description)
        }
    }

    private mutating func add(_ expectation: Expectation) {
        switch expectation {
        case .revision(let topic, let id, let revision):
            let topic = tables.number(of: topic)
            body.append("R")
            body.append(topic)
            body.append(tables.number(of: id, in: topic))
            body.append(revision?.description ?? "")
        case .vacant(let index, let value): add("V", keys.unique(index), value)
        case .exists(let key, let isThere): add("E", key, isThere ? "1" : "0")
        case .recorded(let id, let stream): add("S", keys.stream(stream), id.description)
        }
    }

    // MARK: Events

    private mutating func add(_ event: NewEvent, given: EventID?) {
        body.append(tables.number(of: event.stream))
        body.append(tables.number(of: event.entityID, in: tables.number(of: event.stream.topic)))
        body.append(given?.description ?? event.sequence.map(wish) ?? "")
        let schema = catalogue.schemaField(of: event.stream.topic)
        body.append(4 + 2 * event.metadata.count + (schema == nil ? 0 : 2))
        add("event_id", event.eventID, "entity")
        body.append(event.entity)
        for field in event.metadata { add(field.name, field.value) }
        if let schema { add("schema", schema) }
        let change = EntityChange(event)
        let size = body.reserve()
        let count = cache.write(change, to: &body)
        let writes = catalogue.writes(for: change)
        for write in writes { add(write) }
        body.fill(size, count + writes.count)
    }

    /// Stands where the id of an adopted event would: events without a number cost nothing more.
    private func wish(for sequence: NumberSequence) -> String {
        "#\(NumberSequence.placeholderText) \(keys.sequence(sequence))"
    }

    // MARK: Writes

    private mutating func add(_ writes: [ReadModelWrite]) {
        body.append(writes.count)
        for write in writes { add(write) }
    }

    private mutating func add(_ commands: [[String]]) {
        body.append(commands.count)
        for command in commands { add(command) }
    }

    private mutating func add(_ command: [String]) {
        body.append(command.count)
        for word in command { body.append(word) }
    }

    private mutating func add(_ write: ReadModelWrite) {
        switch write {
        case .add(let index, let value, let id): body.command("INDEX", keys.index(index, value), id)
        case .remove(let index, let value, let id): body.command("ZREM", keys.index(index, value), id)
        case .rank(let ranking, let score, let member):
            add(["ZADD", keys.ranking(ranking), String(score), member])
        case .unrank(let ranking, let member): body.command("ZREM", keys.ranking(ranking), member)
        case .claim(let index, let value, let id): add(["HSET", keys.unique(index), value, id])
        case .release(let index, let value): body.command("HDEL", keys.unique(index), value)
        case .reach(let sequence, let number): body.command("REACH", keys.sequence(sequence), number)
        case .command(let words): add(words)
        }
    }

    private mutating func addMoves(of transaction: Transaction) {
        body.append(transaction.checkpoint?.positions.count ?? 0)
        guard let checkpoint = transaction.checkpoint else { return }
        for position in checkpoint.positions {
            add(keys.checkpoint(checkpoint.module), keys.stream(position.stream), position.to.description)
        }
    }

    private mutating func add(_ first: String, _ second: String, _ third: String) {
        body.append(first)
        body.append(second)
        body.append(third)
    }

    private mutating func add(_ name: String, _ value: String) {
        body.append(name)
        body.append(value)
    }
}
