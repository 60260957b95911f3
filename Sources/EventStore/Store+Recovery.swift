import Logging
import Redis
import Synchronization

/// Events that Redis acknowledged and does not have any more.
public struct DataLoss: Sendable, Hashable {
    /// The last event before them: up to here everything is there.
    public let kept: EventID
    /// The newest of them that is known of.
    public let lost: EventID

    public init(kept: EventID, lost: EventID) {
        self.kept = kept
        self.lost = lost
    }
}

/// A module's checkpoint that stood ahead of its stream and went back to the stream's end.
public struct CheckpointRewind: Sendable, Hashable {
    public let module: String
    public let stream: StreamKey
    public let from: EventID
    /// zero: the stream is gone or empty.
    public let to: EventID

    public init(module: String, stream: StreamKey, from: EventID, to: EventID) {
        self.module = module
        self.stream = stream
        self.from = from
        self.to = to
    }
}

/// What was found wrong in what Redis has, since this store began.
public struct StoreFindings: Sendable, Hashable {
    /// The latest last.
    public internal(set) var losses: [DataLoss] = []
    /// The latest last.
    public internal(set) var rewinds: [CheckpointRewind] = []
    /// How many entities have a last event that is ahead of its stream, and so cannot be read.
    public internal(set) var revisionsAhead = 0

    public init() {}
}

/// What a store knows of the past, whatever Redis says of it.
struct StoreMemory: Sendable {
    /// The newest event of each stream that this store has appended.
    private(set) var newest: [StreamKey: EventID] = [:]
    private(set) var findings = StoreFindings()

    private static let maxFindings = 20

    mutating func note(_ ids: [EventID], of events: [NewEvent]) {
        for (id, event) in zip(ids, events) { newest[event.stream] = max(newest[event.stream] ?? .zero, id) }
    }

    /// - Returns: whether it was not known before.
    mutating func note(_ loss: DataLoss) -> Bool {
        newest = newest.filter { $0.value <= loss.kept || $0.value > loss.lost }
        guard !findings.losses.contains(loss) else { return false }
        findings.losses = (findings.losses + [loss]).suffix(Self.maxFindings)
        return true
    }

    mutating func note(_ rewinds: [CheckpointRewind]) {
        findings.rewinds = (findings.rewinds + rewinds).suffix(Self.maxFindings)
    }

    mutating func note(revisionsAhead: Int) { findings.revisionsAhead = revisionsAhead }
}

extension Store {
    /// What was found wrong so far.
    public var findings: StoreFindings { memory.withLock(\.findings) }

    /// Compares what Redis has with what it acknowledged, after it was away: reports what is lost, takes checkpoints
    /// back that are ahead of their streams, and sees to it that no id is issued twice. One round trip where all is
    /// well, and nothing is written then.
    public func recover() async throws(StoreError) {
        if try await compare() { return }
        // No clock: nothing was ever here, or all of it is gone.
        if seen.withLock(\.self) > .zero { try await open() }
    }

    /// - Returns: whether the shop has a clock.
    func compare() async throws(StoreError) -> Bool {
        let floor = seen.withLock(\.self)
        let reply = try await run(scripts.recover, comparison(floor, memory.withLock(\.newest)))
        guard let fields = reply.array, fields.count == 4 else { throw unexpected(reply) }
        guard let clock = fields[0].string.flatMap({ EventID($0) }) else { return false }
        note(clock)
        let gone = fields[2].string.flatMap { EventID($0) }
        if floor > clock {
            note(DataLoss(kept: clock, lost: floor))
        } else if let gone {
            note(DataLoss(kept: fields[1].string.flatMap { EventID($0) } ?? .zero, lost: gone))
        }
        let rewinds = (fields[3].array ?? []).compactMap(rewind)
        note(rewinds)
        if floor > clock || gone != nil || !rewinds.isEmpty { try await checkRevisions() }
        return true
    }

    /// The arguments of `recover.lua`.
    private func comparison(
        _ floor: EventID, _ newest: [StreamKey: EventID]
    ) -> @Sendable (inout RedisCommand) -> Void {
        let modules = Set(catalogue.handlers.keys).union(catalogue.streams.compactMap(catalogue.inlineOwner))
        let lists = [catalogue.streams.map(keys.stream), modules.map(keys.checkpoint)]
        return { [keys] command in
            command.append(floor.description)
            command.append(keys.retention)
            for list in lists {
                command.append(list.count)
                for name in list { command.append(name) }
            }
            for (stream, id) in newest {
                command.append(keys.stream(stream))
                command.append(id.description)
            }
        }
    }

    private func rewind(_ reply: RedisValue) -> CheckpointRewind? {
        let texts = (reply.array ?? []).compactMap(\.string)
        guard texts.count == 4, let stream = StreamKey(parsing: texts[1].dropFirst(keys.prefix.count)),
            let from = EventID(texts[2]), let to = EventID(texts[3])
        else { return nil }
        let module = String(texts[0].dropFirst(keys.checkpoint("").count))
        return CheckpointRewind(module: module, stream: stream, from: from, to: to)
    }

    // MARK: What is found

    func note(_ loss: DataLoss) {
        guard memory.withLock({ $0.note(loss) }) else { return }
        logger.error(
            "Redis came back without events that it had acknowledged: they are lost",
            metadata: ["kept_up_to": "\(loss.kept)", "lost_up_to": "\(loss.lost)"])
    }

    private func note(_ rewinds: [CheckpointRewind]) {
        memory.withLock { $0.note(rewinds) }
        for rewind in rewinds {
            logger.error(
                "a checkpoint was ahead of its stream and went back to the stream's end",
                metadata: [
                    "module": "\(rewind.module)", "stream": "\(rewind.stream)", "from": "\(rewind.from)",
                    "to": "\(rewind.to)",
                ])
        }
    }

    /// Only after something odd was found: it goes through all entities.
    private func checkRevisions() async throws(StoreError) {
        var count = 0
        for topic in catalogue.topics { count += try await revisionsAhead(of: topic) }
        memory.withLock { [count] in $0.note(revisionsAhead: count) }
        if count == 0 { return }
        logger.error(
            "entities have a last event that is gone: run 'ordershopctl projection verify --repair'",
            metadata: ["entities": "\(count)"])
    }

    private func revisionsAhead(of topic: TopicDefinition) async throws(StoreError) -> Int {
        let ends = try await ends(of: topic.streams)
        var (cursor, count) = ("0", 0)
        repeat {
            let reply = try await send(
                RedisCommand("HSCAN", keys.revisions(topic.topic), cursor, "COUNT", "1000"))
            guard let page = reply.array, page.count == 2 else { throw unexpected(reply) }
            cursor = page[0].string ?? "0"
            let fields = (page[1].array ?? []).compactMap(\.string)
            count += stride(from: 1, to: fields.count, by: 2).count { index in
                let words = fields[index].split(separator: " ")
                guard words.count > 1, let id = EventID(words[0]) else { return false }
                return id > (ends[StreamKey(topic.topic, Action(String(words[1])))] ?? .zero)
            }
        } while cursor != "0"
        return count
    }

    /// The last id that each stream has had, also where the event is trimmed; those that are gone are left out.
    private func ends(of streams: [StreamKey]) async throws(StoreError) -> [StreamKey: EventID] {
        let replies: [RedisValue]
        do {
            replies = try await redis.pipeline(streams.map { RedisCommand("XINFO", "STREAM", keys.stream($0)) })
        } catch { throw StoreError(error) }
        var ends: [StreamKey: EventID] = [:]
        for (stream, reply) in zip(streams, replies) {
            guard let fields = reply.array,
                let name = fields.firstIndex(where: { $0.string == "last-generated-id" })
            else { continue }
            ends[stream] = fields[name + 1].string.flatMap { EventID($0) }
        }
        return ends
    }
}
