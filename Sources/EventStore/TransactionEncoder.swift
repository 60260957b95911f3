import NIOCore
import Redis

/// Writes transactions as the arguments of `transact.lua`.
struct TransactionEncoder {
    let keys: Keyspace
    let catalogue: Catalogue
    private var arguments: [Argument] = []

    enum Argument {
        case text(String)
        case bytes([UInt8])
        case buffer(ByteBuffer)
    }

    init(keys: Keyspace, catalogue: Catalogue) {
        self.keys = keys
        self.catalogue = catalogue
    }

    mutating func encode(_ transactions: [Transaction]) -> [Argument] {
        arguments.reserveCapacity(transactions.count * 64)
        add(transactions.count)
        for transaction in transactions { add(transaction) }
        return arguments
    }

    private mutating func add(_ transaction: Transaction) {
        let size = arguments.count
        add(0)
        addChecks(of: transaction)
        add(transaction.records)
        add(transaction.events.count + transaction.adopted.count)
        for (recorded, event) in transaction.adopted { add(event, given: recorded.id) }
        for event in transaction.events { add(event, given: nil) }
        add(transaction.writes)
        addMoves(of: transaction)
        arguments[size] = .text(String(arguments.count - size - 1))
    }

    // MARK: Checks

    private mutating func addChecks(of transaction: Transaction) {
        let positions = transaction.checkpoint?.positions.count ?? 0
        add(transaction.expectations.count + (transaction.checkpoint == nil ? 0 : 1) + positions)
        for expectation in transaction.expectations { add(expectation) }
        guard let checkpoint = transaction.checkpoint else { return }
        add("L", keys.lease(checkpoint.module), checkpoint.lease.description)
        for position in checkpoint.positions {
            add("C", keys.checkpoint(checkpoint.module), keys.stream(position.stream))
            add(position.from?.description ?? "")
        }
    }

    private mutating func add(_ expectation: Expectation) {
        switch expectation {
        case .revision(let topic, let id, let revision):
            add("R", keys.revisions(topic), id, revision?.description ?? "")
        case .vacant(let index, let value):
            add("V", keys.unique(index), value)
        case .exists(let key, let isThere):
            add("E", key, isThere ? "1" : "0")
        }
    }

    // MARK: Events

    private mutating func add(_ event: NewEvent, given: EventID?) {
        let stream = keys.stream(event.stream)
        add(stream, keys.revisions(event.stream.topic), event.stream.action.name, event.entityID)
        add(given?.description ?? "")
        add(catalogue.inlineOwner(of: event.stream).map(keys.checkpoint) ?? "")
        add(4 + 2 * event.metadata.count)
        add("event_id", event.eventID, "entity")
        arguments.append(.bytes(event.entity))
        for field in event.metadata { add(field.name, field.value) }
        let change = EntityChange(event)
        add(EntityCache(keys: keys).writes(for: change) + catalogue.writes(for: change))
    }

    // MARK: Writes

    private mutating func add(_ writes: [ReadModelWrite]) {
        add(writes.count)
        for write in writes { add(command(for: write)) }
    }

    private mutating func add(_ commands: [[String]]) {
        add(commands.count)
        for command in commands { add(command) }
    }

    private mutating func add(_ command: [String]) {
        add(command.count)
        for argument in command { add(argument) }
    }

    private func command(for write: ReadModelWrite) -> [String] {
        switch write {
        case .add(let index, let value, let id): ["INDEX", keys.index(index, value), id]
        case .remove(let index, let value, let id): ["ZREM", keys.index(index, value), id]
        case .claim(let index, let value, let id): ["HSET", keys.unique(index), value, id]
        case .release(let index, let value): ["HDEL", keys.unique(index), value]
        case .command(let arguments): arguments
        }
    }

    private mutating func addMoves(of transaction: Transaction) {
        add(transaction.checkpoint?.positions.count ?? 0)
        guard let checkpoint = transaction.checkpoint else { return }
        for position in checkpoint.positions {
            add(keys.checkpoint(checkpoint.module), keys.stream(position.stream), position.to.description)
        }
    }

    private mutating func add(_ texts: String...) { arguments.append(contentsOf: texts.map(Argument.text)) }
    private mutating func add(_ number: Int) { add(String(number)) }
}

extension RedisCommand {
    mutating func append(_ argument: TransactionEncoder.Argument) {
        switch argument {
        case .text(let text): append(text)
        case .bytes(let bytes): append(bytes: bytes)
        case .buffer(let buffer): append(buffer)
        }
    }
}
