import Redis

/// How a module's events are being delivered: what is kept of it beside the checkpoint.
public struct DeliveryStanding: Sendable, Equatable {
    /// Deliveries that were begun and not committed, as whoever began them left them.
    public var tries: Tries?
    /// Events up to this one have no effects; they are only passed over.
    public var effectsAfter: EventID?
    public var replay: Replay?
    /// How many events are parked.
    public var parked = 0
    /// Whether somebody asked for parked events to be tried again.
    public var hasRetries = false
    /// When the next postponed event is due, in unix milliseconds.
    public var nextDue: Int64?

    public init() {}

    /// How often the events up to one were begun to be handled. It is written before they are: an event that ends
    /// the process is counted, too.
    public struct Tries: Sendable, Equatable {
        public let count: Int
        /// The last event of the batch.
        public let through: EventID
        /// Events up to this one may have been begun, if only once: a life that ends while it handles one by one what
        /// another had begun must not let the rest be forgotten.
        public let begun: EventID
        /// The daemon that began. While it lives it knows by itself what became of them.
        public let owner: String

        /// - Parameter begun: the last event that was ever begun, as far as it was known before.
        public init(count: Int, through: EventID, begun: EventID = .zero, owner: String) {
            self.count = count
            self.through = through
            self.begun = max(through, begun)
            self.owner = owner
        }

        /// How often the event was begun.
        public func count(of event: EventID) -> Int {
            if event <= through { return count }
            return event <= begun ? 1 : 0
        }

        /// The same without the last try: it failed nobody, it only was not committed. What it did outside of the
        /// store may have happened all the same, so it stays begun.
        public var withoutLast: Self {
            if count > 1 { return Self(count: count - 1, through: through, begun: begun, owner: owner) }
            return Self(count: 0, through: begun, owner: owner)
        }
    }

    /// A module that was sent back.
    public struct Replay: Sendable, Equatable {
        public let from: EventID
        /// The last event that had been handled before.
        public let until: EventID
        public let hasEffects: Bool
        /// Unix time in seconds.
        public let started: Int64
    }
}

/// What a module finds when it looks for work.
public struct Poll: Sendable {
    /// The events behind the checkpoint, as many as were asked for.
    public let batch: EventBatch
    /// The checkpoint.
    public let positions: [StreamKey: EventID]
    public let standing: DeliveryStanding
}

extension Store {
    /// The checkpoint, how things stand, and the next events: one round trip where the caller's idea of the
    /// checkpoint is right, otherwise two.
    /// - Parameters:
    ///   - guess: where the caller thinks that the checkpoint stands, nil if it has no idea.
    ///   - ahead: the events behind that, where they are read already.
    public func poll(
        _ module: String, _ streams: [StreamKey], expecting guess: [StreamKey: EventID]?, ahead: EventBatch? = nil,
        count: Int
    ) async throws(StoreError) -> Poll {
        var commands = standingCommands(module)
        if let guess, ahead == nil { commands.append(readCommand(streams, after: guess, count: count)) }
        let replies = try await pipeline(commands)
        let checkpoint = positions(in: replies[0])
        let positions = Dictionary(streams.compactMap { stream in checkpoint[stream].map { (stream, $0) } }) { $1 }
        let standing = standing(in: replies)
        if positions == guess, let ahead { return Poll(batch: ahead, positions: positions, standing: standing) }
        if positions == guess, let reply = replies.dropFirst(5).first {
            return Poll(
                batch: try await revealed(try batch(reply, after: positions, count: count)),
                positions: positions, standing: standing)
        }
        let batch = try await read(streams, after: positions, count: count)
        return Poll(batch: batch, positions: positions, standing: standing)
    }

    /// How things stand with a module.
    public func standing(of module: String) async throws(StoreError) -> DeliveryStanding {
        standing(in: try await pipeline(standingCommands(module)))
    }

    private func standingCommands(_ module: String) -> [RedisCommand] {
        [
            RedisCommand("HGETALL", keys.checkpoint(module)), RedisCommand("HGETALL", keys.delivery(module)),
            RedisCommand("ZCARD", keys.parked(module)), RedisCommand("EXISTS", keys.parkedRetries(module)),
            RedisCommand("ZRANGE", keys.parkedDue(module), "0", "0", "WITHSCORES"),
        ]
    }

    private func standing(in replies: [RedisValue]) -> DeliveryStanding {
        let fields = Dictionary(replies[1].pairs.map { ($0.name, $0.value) }) { $1 }
        var standing = DeliveryStanding()
        standing.tries = fields["tries"].flatMap { DeliveryStanding.Tries($0) }
        standing.effectsAfter = fields["effects_after"].flatMap { EventID($0) }
        standing.replay = DeliveryStanding.Replay(fields)
        standing.parked = Int(replies[2].int ?? 0)
        standing.hasRetries = replies[3].int == 1
        standing.nextDue = replies[4].pairs.first.flatMap { Double($0.value) }.map { Int64($0) }
        return standing
    }

    // MARK: What is noted

    /// Notes that events are about to be handled, before they are.
    public func count(_ tries: DeliveryStanding.Tries, of module: String) async throws(StoreError) {
        _ = try await send(RedisCommand("HSET", keys.delivery(module), "tries", tries.description))
    }

    /// What another daemon, or a former life of this one, has left. Its last try ended with it, unless it is about: then
    /// only the lease has changed hands.
    public func inherited(_ tries: DeliveryStanding.Tries) async throws(StoreError) -> DeliveryStanding.Tries {
        try await isAlive(tries.owner) ? tries.withoutLast : tries
    }

    /// From now on the module's reactions do not run for the events up to this one.
    public func skipEffects(of module: String, through event: EventID) async throws(StoreError) {
        _ = try await send(RedisCommand("HSET", keys.delivery(module), "effects_after", event.description))
    }

    public func endReplay(of module: String) async throws(StoreError) {
        _ = try await send(
            RedisCommand(
                "HDEL", keys.delivery(module), "replay_from", "replay_until", "replay_started", "replay_effects"))
    }

    /// The last event id that was issued.
    public func lastIssued() async throws(StoreError) -> EventID {
        try await send(RedisCommand("GET", keys.clock)).string.flatMap { EventID($0) } ?? .zero
    }
}

extension DeliveryStanding.Tries: CustomStringConvertible {
    init?(_ text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 4, let count = Int(parts[0]), let through = EventID(parts[1]),
            let begun = EventID(parts[2])
        else { return nil }
        self.init(count: count, through: through, begun: begun, owner: String(parts[3]))
    }

    public var description: String { "\(count) \(through) \(begun) \(owner)" }
}

extension DeliveryStanding.Replay {
    init?(_ fields: [String: String]) {
        guard let from = fields["replay_from"].flatMap({ EventID($0) }),
            let until = fields["replay_until"].flatMap({ EventID($0) })
        else { return nil }
        self.from = from
        self.until = until
        hasEffects = fields["replay_effects"] == "1"
        started = fields["replay_started"].flatMap { Int64($0) } ?? 0
    }
}
